"""Many builds of one warehouse in one process, and the comparison of two warehouses table by table."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from python_assets.addresses import open_warehouse
from python_assets.warehouse import Warehouse
from tests.sql.support import PROJECT

# What is made of the files and the study alone.
CORPUS = ("staging", "corpus", "item_bands", "seed_users", "grounding_states+")


class Batch(NamedTuple):
    """What happens to ``raw`` before a build, dbt's command, and a folder where to build a copy of ``raw`` from nothing."""

    statements: Sequence[str]
    command: str = "run"
    anew_in: Path | None = None
    models: Sequence[str] = CORPUS


def build_batches(warehouse: Path | str, target: Path, batches: Sequence[Batch]) -> list[bool]:
    """Apply each batch and build after it; in one process of its own, since dbt's start costs more than the SQL.

    Returns:
        Whether each build succeeded.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_build_batches, (warehouse, target, list(batches)))


def build_copies(copies: Sequence[tuple[Path, str]], target: Path) -> list[dict[str, str]]:
    """Build a selection of nodes in each of several copies of a warehouse, which have one name; in one process of its own.

    Returns:
        For each copy a status of each node's unique id.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_build_copies, (list(copies), target))


def _build_copies(copies: Sequence[tuple[Path, str]], target: Path) -> list[dict[str, str]]:
    runner, options = _parsed(copies[0][0], target)
    done = []
    for warehouse, selected in copies:
        os.environ["PERSONA_FIDELITY_WAREHOUSE"] = str(warehouse)
        nodes: Any = runner.invoke(["build", "--quiet", *options, "--select", selected]).result
        done.append({node.node.unique_id: str(node.status) for node in nodes})
    return done


def _parsed(warehouse: Path | str, target: Path) -> tuple[Any, list[str]]:
    """dbt with the project parsed, for this process, and the options of each call."""
    folder = str(PROJECT / "dbt_project")
    os.environ |= {
        "PERSONA_FIDELITY_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
    }
    os.chdir(folder)
    from dbt.cli.main import dbtRunner

    options = ["--project-dir", folder, "--profiles-dir", folder]
    return dbtRunner(manifest=dbtRunner().invoke(["parse", "--quiet", *options]).result), options


def _build_batches(warehouse: Path | str, target: Path, batches: Sequence[Batch]) -> list[bool]:
    runner, options = _parsed(warehouse, target)
    done = []
    for batch in batches:
        if batch.anew_in:
            warehouse = _only_raw(Path(warehouse), batch.anew_in)
            os.environ["PERSONA_FIDELITY_WAREHOUSE"] = str(warehouse)
        # Waits until dbt has let go of the file, in this same process.
        with open_warehouse(warehouse).connect(read_only=False) as connection:
            for statement in batch.statements:
                connection.execute(statement)
        kinds = ["--exclude-resource-type", "unit_test"] if batch.command == "build" else []
        done.append(runner.invoke([batch.command, "--quiet", *options, *kinds, "--select", *batch.models]).success)
    return done


def _only_raw(warehouse: Path, folder: Path) -> Path:
    """A copy under the same name, since dbt's names hold it, without anything that dbt made."""
    folder.mkdir()
    copy = folder / warehouse.name
    # dbt lets go of the file a moment after its last node, and only then are all changes in it.
    with Warehouse(warehouse).connect(read_only=False) as connection:
        connection.execute("checkpoint")
    shutil.copy(warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        for schema in ("staging", "corpus", "probes", "personas"):
            connection.execute(f"drop schema if exists {schema} cascade")
    return copy


def differences(one: Path | str, other: Path | str) -> dict[str, int]:
    """Rows that are in one warehouse only, of each table and view of the corpus and of grounding; only those that differ."""
    ours, theirs = _relations(one), _relations(other)
    assert len(ours) >= 14
    assert ours.keys() == theirs.keys()
    found = {}
    for name, rows in ours.items():
        with duckdb.connect() as connection:
            connection.register("ours", rows)
            connection.register("theirs", theirs[name])
            only_in_one = "(from ours except all from theirs) union all (from theirs except all from ours)"
            found[name] = connection.execute(f"select count(*) from ({only_in_one})").fetchone()[0]  # type: ignore[index]
    return {table: count for table, count in found.items() if count}


def _relations(warehouse: Path | str) -> dict[str, pa.Table]:
    """Read through a connection of its own: a view names the file that it was made in."""
    with open_warehouse(warehouse).connect() as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_catalog = current_database()"
            " and table_schema in ('staging', 'corpus', 'probes', 'personas') and table_name not like '%\\_built' escape '\\'"
        ).fetchall()
        return {name: connection.sql(f"from {name}").to_arrow_table() for (name,) in names}
