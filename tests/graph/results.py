"""What a run leaves, to compare two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from python_assets.warehouse import Warehouse

CORPUS = ("corpus.interactions", "corpus.preference_pairs", "corpus.items", "corpus.users")
CHOICES = ("probes.item_bands", "probes.probe_items", "personas.seed_users", "personas.grounding_profiles")
RESULTS = ("results.fidelity", "results.fgi", "results.population_metrics", "results.instrument_reliability")


def assert_same_results(ours: Warehouse, theirs: Warehouse, tables: tuple[str, ...] = RESULTS) -> int:
    """Row for row, figures to rounding; returns the number of rows compared."""
    compared = 0
    for table in tables:
        here, there = (warehouse.rows(f"from {table} order by all") for warehouse in (ours, theirs))
        assert len(here) == len(there) > 0, table
        for mine, other in zip(here, there, strict=True):
            assert_same_cells(mine, other, table)
        compared += len(here)
    return compared


def differing_rows(ours: Warehouse, theirs: Warehouse, selects: Sequence[str]) -> dict[str, Any]:
    """Of each table or select in which they differ, how many rows each has, and the first two rows that are not the same."""
    found: dict[str, Any] = {}
    for select in selects:
        here, there = (warehouse.rows(f"from ({select}) order by all") for warehouse in (ours, theirs))
        for mine, other in zip(here, there, strict=False):
            try:
                assert_same_cells(mine, other, select)
            except AssertionError:
                found[select] = len(here), len(there), mine, other
                break
        else:
            if len(here) != len(there):
                found[select] = len(here), len(there), *(here[len(there) :] + there[len(here) :])[:2]
    return found


def assert_same_cells(mine: Sequence[Any], other: Sequence[Any], table: str) -> None:
    """Figures to rounding."""
    for cell, wanted in zip(mine, other, strict=True):
        assert cell == (pytest.approx(wanted, rel=1e-9, abs=1e-12) if isinstance(wanted, float) else wanted), table
