"""Which tables and columns the code expects: older code on a warehouse of newer code would fail in the middle of dbt."""

from __future__ import annotations

import duckdb

from python_assets.warehouse.file_errors import WarehouseError

LAYOUT = 1
"""Raised by one with any change after which older code could not go on with a warehouse: a column that is new, gone or of
another type in a table that Python writes, that dbt keeps from batch to batch, or that the report reads. Not with a change of
values, and not with a whole table that older code does not know. Warehouses of code before there was a number have 0."""


def take_over(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    """Write down which code writes here, inside the caller's transaction, in which the tables have been made.

    Raises:
        WarehouseError: Newer code has written the warehouse before.
    """
    number = layout_of(connection)
    require_known(address, number)
    if number != LAYOUT:
        connection.execute("delete from raw.layout")
        connection.execute("insert into raw.layout values (?)", [LAYOUT])


def layout_of(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The number in a warehouse; 0 where code wrote it that knew of none, None where nothing was written."""
    try:
        found = connection.execute("select max(number) from raw.layout").fetchone()
    except duckdb.CatalogException:
        made = "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'raw' limit 1"
        return 0 if connection.execute(made).fetchone() else None
    return (found and found[0]) or 0


def require_known(address: str, number: int | None) -> None:
    """See that no newer code has written a warehouse.

    Raises:
        WarehouseError: Newer code has.
    """
    if number is not None and number > LAYOUT:
        raise WarehouseError(
            f"{address} was written by newer code (layout {number}, here {LAYOUT}): update this installation, or name another "
            "with --warehouse."
        )
