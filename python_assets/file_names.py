"""Names that a warehouse's file cannot have, because of what DuckDB, dbt and Dagster make of them."""

from __future__ import annotations

from pathlib import Path

from python_assets.file_errors import WarehouseError

SCHEMAS = ("raw", "ml", "staging", "corpus", "probes", "personas", "results", "seeds")
OF_DUCKDB = ("main", "system", "temp", "information_schema", "pg_catalog")


def check_file_name(path: Path) -> None:
    """Refuse a name under which no table could be found.

    DuckDB names the database after the file, up to its first dot, and takes `results.fidelity` for a table of a database
    of that name, too; dbt puts that name between quotes. dbt takes the path for an address, which ends before a `#` or a
    `?`, and Dagster reads `%20` in that of its history as a blank.

    Args:
        path: As it will be opened, with all its folders.

    Raises:
        WarehouseError: Says which name would do.
    """
    database = path.name.lstrip(".").split(".")[0]
    if database.lower() in SCHEMAS + OF_DUCKDB:
        other = path.with_name(path.name.replace(database, f"{database}_warehouse", 1))
        raise WarehouseError(
            f"A warehouse cannot be called {path.name}, as {database.lower()} has a meaning of its own in its SQL: "
            f"name it otherwise, such as --warehouse {other}."
        )
    found = [letter for letter in "#?%" if letter in str(path)] + [letter for letter in "'\"" if letter in database]
    if found:
        raise WarehouseError(
            f"A warehouse cannot lie at {path}, as dbt and Dagster cannot read a {found[0]} there: "
            "choose another place with --warehouse."
        )
