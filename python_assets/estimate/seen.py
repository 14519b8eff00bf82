"""What a warehouse knows already; nothing before the first run."""

from __future__ import annotations

from typing import Any

import duckdb

from python_assets.warehouse import Warehouse


def known_rows(warehouse: Warehouse | None, sql: str) -> list[tuple[Any, ...]]:
    """The answer of a query; none where there is no warehouse yet, or not the table, or not the column."""
    try:
        return warehouse.rows(sql) if warehouse else []
    except (duckdb.CatalogException, duckdb.BinderException):
        return []
