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
from python_assets.study.tables import study_tables
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


def run_dbt(warehouse: Path, *arguments: str, target: Path, project: Path = PROJECT) -> DbtRun:
    """Run dbt on a warehouse in a process of its own; its files go to ``target``."""
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    folder = project / "dbt_project"
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
    for table, rows in study_tables(study).items():
        insert(connection, table, rows.to_pylist())


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
