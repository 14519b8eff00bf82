"""What DuckDB, dbt and Dagster make of a file's name, and names that a warehouse's file cannot have."""

from __future__ import annotations

import re
from pathlib import Path

from python_assets.warehouse.file_errors import WarehouseError

SCHEMAS = ("raw", "ml", "staging", "corpus", "probes", "personas", "results", "seeds")
OF_DUCKDB = ("main", "system", "temp", "information_schema", "pg_catalog")


def database_name(path: Path) -> str:
    """What DuckDB calls the database in a file: the file's name up to its first dot."""
    return path.name.lstrip(".").split(".")[0]


def check_file_name(path: Path) -> None:
    """Refuse a name under which no table could be found: `results.fidelity` may be one of the database `results`, too.

    Raises:
        WarehouseError: Says which name would do; or it is that of a pipe or a device, which DuckDB would wait for.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise WarehouseError(f"{path} is a pipe or a device, and a warehouse is a file: name another with --warehouse.")
    database = database_name(path)
    if database.lower() in SCHEMAS + OF_DUCKDB:
        other = path.with_name(path.name.replace(database, f"{database}_warehouse", 1))
        raise WarehouseError(
            f"A warehouse cannot be called {path.name}, as {database.lower()} has a meaning of its own in its SQL: "
            f"name it otherwise, such as --warehouse {other}."
        )


def check_path_for_runs(path: Path) -> None:
    """Refuse a path that can be read, but not be run with.

    dbt takes the path for an address, which ends before a `#` or a `?`, and puts the database's name between quotes;
    Dagster reads `%20` in the path of its history as a blank.

    Args:
        path: Absolute.

    Raises:
        WarehouseError: Says which letter it is.
    """
    found = [letter for letter in "#?%" if letter in str(path)]
    found += [letter for letter in "'\"" if letter in database_name(path)]
    if found:
        raise WarehouseError(
            f"A warehouse cannot lie at {path}, as dbt and Dagster cannot read a {found[0]} there: "
            "choose another place with --warehouse."
        )


def check_history(folder: Path) -> None:
    """Refuse a folder for Dagster's history that Dagster would look for under another name.

    Args:
        folder: Absolute.

    Raises:
        WarehouseError: Says which letter it is.
    """
    if found := re.search(r"[#?]|%(?=[0-9A-Fa-f]{2})", str(folder)):
        raise WarehouseError(
            f"Dagster's history cannot lie at {folder}, as Dagster cannot read a {found[0]} there: set DAGSTER_HOME to another folder."
        )


def no_glob(path: Path) -> str:
    """The path for DuckDB's readers, to which `*`, `?` and `[` would stand for other names."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
