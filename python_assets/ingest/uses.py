"""What files were read for, and which of them the study does not read for it any more."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from python_assets.ingest.formats import Kind
from python_assets.ingest.merge import TABLES
from python_assets.ingest.sources import SourceFile
from python_assets.warehouse import Warehouse


class Use(NamedTuple):
    """A file, and the reviews or the items of one category that it was read for."""

    path: str
    kind: Kind
    category: str


_READINGS = """
    select path, kind, category, bool_or(is_latest) as is_latest
    from (
        select *, true as is_latest from raw.ingested_files
        union all by name
        select *, false as is_latest from raw.earlier_readings
    )
    group by path, kind, category
    order by all
"""


def missing_files(warehouse: Warehouse) -> list[Path]:
    """Files of the ledger that are not where they were."""
    paths = [Path(row[0]) for row in warehouse.rows("select distinct path from raw.ingested_files order by path")]
    return [path for path in paths if not path.exists()]


def unnamed_files(warehouse: Warehouse, named: Collection[SourceFile]) -> list[Path]:
    """Files that are there and have rows, but that the study does not name any more for a category that it reads.

    Args:
        warehouse: Where the rows are.
        named: What the study's sources name.

    Returns:
        Absolute paths, sorted, each once.
    """
    categories = {file.category for file in named}
    known = {(os.path.realpath(file.path), file.kind, file.category) for file in named}
    others: dict[Use, bool] = {}
    for path, kind, category, is_latest in warehouse.rows(_READINGS):
        is_other = category in categories and (os.path.realpath(path), kind, category) not in known
        if is_other and os.path.exists(path):
            others[Use(path, kind, category)] = is_latest
    # Of a version that a file had before, rows may stand or not; millions of them are read to know.
    former = {use.path for use, is_latest in others.items() if not is_latest}
    standing = _with_rows(warehouse, former) if former else set()
    found = (Path(use.path) for use, is_latest in others.items() if is_latest or use in standing)
    return list(dict.fromkeys(found))


def other_uses(warehouse: Warehouse, paths: Collection[str], named: Collection[SourceFile]) -> set[Use]:
    """What these files were read for, by the ledger or by the rows that stand, but for what the study names them for.

    Args:
        warehouse: Where the rows are.
        paths: As in the ledger.
        named: What the study's sources name.

    Returns:
        One entry a file, kind and category.
    """
    ledger = warehouse.rows(
        "select path, kind, category from raw.ingested_files where list_contains(?, path)", [sorted(paths)]
    )
    # The ledger knows only what a file's latest version was read for; its rows may stand in another category too.
    found = {Use(*row) for row in ledger} | _with_rows(warehouse, paths)
    return found - {Use(str(file.path), file.kind, file.category) for file in named}


def _with_rows(warehouse: Warehouse, paths: Collection[str]) -> set[Use]:
    found: set[Use] = set()
    for kind, table in TABLES.items():
        sql = f"select distinct file, category from {table} where list_contains(?, file)"
        found |= {Use(file, kind, category) for file, category in warehouse.rows(sql, [sorted(paths)])}
    return found
