"""Names that a warehouse's file cannot have, because of what DuckDB and dbt make of them."""

from __future__ import annotations

from pathlib import Path

from python_assets.file_errors import WarehouseError

SCHEMAS = ("raw", "ml", "staging", "corpus", "probes", "personas", "results", "seeds")


def check_file_name(path: Path) -> None:
    """Refuse a name under which no table could be found.

    DuckDB names the database after the file, up to its first dot, and takes `results.fidelity` for a table of a database
    of that name, too. dbt takes the path for an address, which ends before a `#` or a `?`.

    Args:
        path: As it will be opened, with all its folders.

    Raises:
        WarehouseError: Says which name would do.
    """
    database = path.name.lstrip(".").split(".")[0]
    if database.lower() in SCHEMAS:
        other = path.with_name(path.name.replace(database, f"{database}_warehouse", 1))
        raise WarehouseError(
            f"A warehouse cannot be called {path.name}, as {database.lower()} is one of its schemas: "
            f"name it otherwise, such as --warehouse {other}."
        )
    if found := next((letter for letter in "#?" if letter in str(path)), None):
        raise WarehouseError(
            f"dbt cannot find the warehouse {path}, as its path holds a {found}: choose another place with --warehouse."
        )
