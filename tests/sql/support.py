"""What the SQL tests share: a study's rows, the real files as raw rows, and one way to run dbt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from python_assets.study import Population, Rater, Source, Study
from python_assets.warehouse import Warehouse

PROJECT = Path(__file__).parents[2]
REAL_CATEGORIES = ("All_Beauty", "Gift_Cards", "Magazine_Subscriptions")


class DbtRun(NamedTuple):
    """How a dbt invocation ended: its exit code, its output, and a status for each node's unique id."""

    returncode: int
    output: str
    status: dict[str, str]

    def named(self, prefix: str) -> dict[str, str]:
        """Statuses of the nodes whose id starts with a prefix, by the id's last part or parts."""
        return {key.removeprefix(prefix): status for key, status in self.status.items() if key.startswith(prefix)}


def run_dbt(warehouse: Path, *arguments: str, target: Path) -> DbtRun:
    """Run dbt on a warehouse in a process of its own; its files go to ``target``."""
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    folder = PROJECT / "dbt_project"
    environment = os.environ | {
        "PERSONA_FIDELITY_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
    }
    command = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        *arguments,
        "--project-dir",
        str(folder),
        "--profiles-dir",
        str(folder),
    ]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    nodes = json.loads(results.read_text())["results"] if results.exists() else []
    return DbtRun(done.returncode, done.stdout + done.stderr, {node["unique_id"]: node["status"] for node in nodes})


def make_study(**settings: Any) -> Study:
    """A study of the three real categories and their union, with the paper's defaults."""
    defaults: dict[str, Any] = {
        "name": "sql_tests",
        "sources": [Source(category=name, reviews=["unused"]) for name in REAL_CATEGORIES],
        "splits": {name: [name] for name in REAL_CATEGORIES} | {"Combined": list(REAL_CATEGORIES)},
        "populations": [Population(name="perfect", condition="control", rater=Rater(backend="perfect"))],
    }
    return Study(**(defaults | settings))


def fill_study(connection: duckdb.DuckDBPyConnection, study: Study) -> None:
    """Replace the study's rows in ``raw``."""
    per_band = study.probes.per_band()
    insert(
        connection,
        "raw.study",
        [
            {
                "name": study.name,
                "seed": study.seed,
                "settings": study.model_dump_json(),
                "config_hash": study.config_hash(),
                "core": study.core,
                "pair_min_gap": study.pairs.min_gap,
                "max_pairs_per_user": study.pairs.max_pairs_per_user,
                "head_probes": per_band["head"],
                "torso_probes": per_band["torso"],
                "tail_probes": per_band["tail"],
                "refresh_probes": study.probes.refresh,
                "head_items": study.probes.head_items,
                "torso_items": study.probes.torso_items,
                "min_reviews": study.grounding.min_reviews,
                "top_items": study.grounding.top_items,
                "grounding_window": study.grounding.window,
                "title_chars": study.grounding.title_chars,
                "snippet_chars": study.grounding.snippet_chars,
            }
        ],
    )
    members = [{"split": split, "category": name} for split, names in study.splits.items() for name in names]
    insert(connection, "raw.splits", members)
    insert(
        connection,
        "raw.populations",
        [
            {
                "population": population.name,
                "condition": population.condition,
                "size": population.size,
                "rater": population.rater.model or population.rater.backend,
                "backend": population.rater.backend,
                "model": population.rater.model,
                "elicitation": population.rater.elicitation,
                "pair_gap": population.rater.pair_gap,
                "config_hash": population.config_hash(),
            }
            for population in study.populations
        ],
    )


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Replace a table's rows."""
    connection.execute(f"delete from {table}")
    if rows:
        connection.register("incoming", pa.Table.from_pylist(rows))
        connection.execute(f"insert into {table} by name select * from incoming")
        connection.unregister("incoming")


def new_warehouse(path: Path, study: Study) -> Warehouse:
    """A warehouse with empty ``raw`` and ``ml`` tables, but for the study's rows."""
    warehouse = Warehouse(path)
    warehouse.prepare()
    with warehouse.connect(read_only=False) as connection:
        fill_study(connection, study)
    return warehouse
