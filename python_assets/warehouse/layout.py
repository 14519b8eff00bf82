"""Which tables and columns the code expects: older code on a warehouse of newer code would fail in the middle of dbt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from python_assets.warehouse.file_errors import NoWarehouseError, WarehouseError

if TYPE_CHECKING:
    from python_assets.warehouse.file import Warehouse

LAYOUT = 1
"""Raised by one with any change after which older code could not go on with a warehouse: a column that is new, gone or of
another type in a table that Python writes, that dbt keeps from batch to batch, or that the report reads. Not with a change of
values, and not with a whole table that older code does not know. Warehouses of code before there was a number have 0."""


def take_over(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    """Write down which code writes here, inside the caller's transaction, in which the tables have been made.

    Raises:
        WarehouseError: Newer code has written the warehouse before.
    """
    number = _layout_in(connection)
    _require_known(address, number)
    if number != LAYOUT:
        connection.execute("delete from raw.layout")
        connection.execute("insert into raw.layout values (?)", [LAYOUT])


def require_known_layout(warehouse: Warehouse) -> None:
    """See that no newer code has written a warehouse; nothing to see where there is none.

    Raises:
        WarehouseError: Newer code has.
    """
    _require_known(warehouse.address, _layout_of(warehouse))


def require_present_layout(warehouse: Warehouse) -> None:
    """See that neither newer nor only older code has written a warehouse; nothing to see where there is none.

    Raises:
        WarehouseError: It has.
    """
    number = _layout_of(warehouse)
    _require_known(warehouse.address, number)
    if number is not None and number < LAYOUT:
        raise WarehouseError(
            f"{warehouse.address} was made by older code (layout {number}, here {LAYOUT}): `run` without `--from`, or the job "
            "`prepare`, brings it up to date."
        )


def _require_known(address: str, number: int | None) -> None:
    if number is not None and number > LAYOUT:
        raise WarehouseError(
            f"{address} was written by newer code (layout {number}, here {LAYOUT}): update this installation, or name another "
            "with --warehouse."
        )


def _layout_of(warehouse: Warehouse) -> int | None:
    try:
        with warehouse.connect() as connection:
            return _layout_in(connection)
    except NoWarehouseError:
        return None


def _layout_in(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The number in a warehouse; 0 where code wrote it that knew of none, None where nothing was written."""
    try:
        found = connection.execute("select max(number) from raw.layout").fetchone()
    except duckdb.CatalogException:
        made = "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'raw' limit 1"
        return 0 if connection.execute(made).fetchone() else None
    return (found and found[0]) or 0
