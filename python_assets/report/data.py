"""Everything the report reads as tables, in one go and on one connection; point clouds are in ``clouds.py``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import duckdb

from python_assets.report.queries import QUERIES

Row = dict[str, Any]


@dataclass(frozen=True)
class ReportData:
    """What the page is made of; every list holds one dict a row, with the columns of the query of that name."""

    study: Row
    settings: Row
    populations: dict[str, Row]
    instruments: list[Row]
    fidelity: list[Row]
    metrics: list[Row]
    fgi: list[Row]
    gaps: list[Row]
    reliability: list[Row]
    encoders: list[Row]
    placed: list[Row]
    answers: list[Row]
    examples: list[Row]
    files: list[Row]
    rejections: list[Row]
    users: list[Row]
    reviews: list[Row]
    pairs: list[Row]
    probes: list[Row]
    made_by: list[Row]
    code: list[Row]
    text_model: list[Row]

    @property
    def splits(self) -> list[str]:
        """Splits in the study's order, then any other that has results."""
        named = list(self.settings.get("splits", {}))
        measured = {row["split"] for row in self.metrics + self.fidelity + self.users}
        return named + sorted(measured - set(named))

    @property
    def instrument_names(self) -> list[str]:
        """The study's instruments, ``paper`` first."""
        return sorted((row["instrument"] for row in self.instruments), key=lambda name: (name != "paper", name))

    @property
    def has_perfect_rater(self) -> bool:
        """Whether the study names one; in a split without seed users it still has no place."""
        return any(row["backend"] == "perfect" for row in self.populations.values())

    def has_too_few_for_coverage(self, split: str, instrument: str) -> bool:
        """Whether a perfect rater was scored here, but has too few members, or real users, for a coverage."""
        perfect = {name for name, row in self.populations.items() if row["backend"] == "perfect"}
        # A metric for which there are too few has no row.
        scored = {
            row["metric"]
            for row in self.metrics
            if (row["split"], row["instrument"]) == (split, instrument)
            and row["population"] in perfect
            and row["value"] is not None
        }
        return bool(scored) and "coverage" not in scored

    @property
    def study_order(self) -> list[str]:
        """Population names as the study lists them, then imported ones."""
        named = [population["name"] for population in self.settings.get("populations", [])]
        return named + sorted(set(self.populations) - set(named))


def read_tables(connection: duckdb.DuckDBPyConnection) -> ReportData:
    """Run every query.

    Raises:
        duckdb.CatalogException: A table is missing; the study has not been run to its end.
        IndexError: The warehouse belongs to no study yet.
    """

    def rows(sql: str) -> list[Row]:
        return connection.sql(sql).to_arrow_table().to_pylist()

    study = rows("select name, seed, settings, config_hash from raw.study")[0]
    populations = rows("select population, condition, backend, model, elicitation, pair_gap from raw.populations")
    return ReportData(
        study=study,
        settings=json.loads(study["settings"]),
        populations={row["population"]: row for row in populations},
        instruments=rows("select instrument, config_hash from raw.instruments order by instrument"),
        **{name: rows(sql) for name, sql in QUERIES.items()},
    )
