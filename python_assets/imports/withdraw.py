"""Take back what `import-personas` or `import-ratings` brought, as if it had never been there."""

from __future__ import annotations

from typing import Literal, NamedTuple

import duckdb

from python_assets.imports.files import ImportFileError
from python_assets.warehouse import Warehouse

ImportKind = Literal["personas", "ratings"]
IMPORTS = "select kind, population, split, path, n_rows from raw.imports order by all"
# Made here and not with the other tables: those need the length of the study's vectors, which a withdrawal does not know.
WITHDRAWN_IMPORTS = """
    create table if not exists raw.withdrawn_imports (split varchar not null, population varchar not null, kind varchar not null)
"""
OUT_ALREADY = "select split from raw.withdrawn_imports where kind = ? and population = ?"


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

    Answers stay when their personas go, and are then answers of personas without a text, or a seed user of theirs. It can be
    repeated: what is out already stays out.

    Args:
        warehouse: Where it is.
        kind: Texts or answers.
        population: Whose; it need not be in the study any more.
        split: Of this split only; None: of all.

    Returns:
        One entry a split; none where an earlier withdrawal took everything out.

    Raises:
        ImportFileError: Nothing of the kind was ever imported; nothing was changed.
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
    if not done and _is_out_already(warehouse, kind, population, split):
        return []
    if not done:
        there = ", ".join(f"{found} of {name} on {where}" for found, name, where, *_ in imports) or "none"
        raise ImportFileError(
            f"No {kind} of {population}{f' on {split}' if split else ''} were imported; the imports are: {there}."
        )

    def delete(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(WITHDRAWN_IMPORTS)
        for part in done:
            key = [population, part.split]
            connection.execute(f"delete from raw.imported_{kind} where population = ? and split = ?", key)
            for table in ("imports", "withdrawn_imports"):
                this = "population = ? and split = ? and kind = ?"
                connection.execute(f"delete from raw.{table} where {this}", [*key, kind])
            connection.execute(
                "insert into raw.withdrawn_imports by name select ? as population, ? as split, ? as kind", [*key, kind]
            )

    warehouse.write(delete)
    return done


def _is_out_already(warehouse: Warehouse, kind: ImportKind, population: str, split: str | None) -> bool:
    try:
        out = warehouse.rows(OUT_ALREADY, [kind, population])
    except duckdb.CatalogException:
        return False
    return any(split in {None, where} for (where,) in out)
