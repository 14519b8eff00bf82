"""Take back what `import-personas` or `import-ratings` brought, as if it had never been there."""

from __future__ import annotations

from typing import Literal, NamedTuple

import duckdb

from python_assets.imports.files import ImportFileError
from python_assets.warehouse import Warehouse

ImportKind = Literal["personas", "ratings"]
IMPORTS = "select kind, population, split, path, n_rows from raw.imports order by all"


class Withdrawn(NamedTuple):
    """What the warehouse no longer holds of one split and population."""

    split: str
    path: str
    """The file that it came from."""
    n_rows: int


def withdraw_import(
    warehouse: Warehouse, *, kind: ImportKind, population: str, split: str | None = None
) -> list[Withdrawn]:
    """Delete what was imported for a population, in one transaction; its places and scores follow with the next run.

    Answers stay when their personas go, and are then answers of personas without a text, or a seed user of theirs.

    Args:
        warehouse: Where it is.
        kind: Texts or answers.
        population: Whose; it need not be in the study any more.
        split: Of this split only; None: of all.

    Returns:
        One entry a split.

    Raises:
        ImportFileError: Nothing of the kind was imported; nothing was changed.
        WarehouseError: There is no warehouse.
    """
    try:
        imports = warehouse.rows(IMPORTS)
    except duckdb.CatalogException:
        imports = []
    done = [
        Withdrawn(where, path, n_rows)
        for found, name, where, path, n_rows in imports
        if (found, name) == (kind, population) and split in {None, where}
    ]
    if not done:
        there = ", ".join(f"{found} of {name} on {where}" for found, name, where, *_ in imports) or "none"
        raise ImportFileError(
            f"No {kind} of {population}{f' on {split}' if split else ''} were imported; the imports are: {there}."
        )

    def delete(connection: duckdb.DuckDBPyConnection) -> None:
        for part in done:
            key = [population, part.split]
            connection.execute(f"delete from raw.imported_{kind} where population = ? and split = ?", key)
            connection.execute("delete from raw.imports where population = ? and split = ? and kind = ?", [*key, kind])

    warehouse.write(delete)
    return done
