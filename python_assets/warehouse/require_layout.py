"""Before anything else is done with a warehouse: was it written by code whose tables are those of this code?"""

from __future__ import annotations

from python_assets.warehouse.file import Warehouse
from python_assets.warehouse.file_errors import NoWarehouseError, WarehouseError
from python_assets.warehouse.layout import LAYOUT, layout_of, require_known


def require_known_layout(warehouse: Warehouse) -> None:
    """See that no newer code has written a warehouse; nothing to see where there is none.

    Raises:
        WarehouseError: Newer code has.
    """
    require_known(warehouse.address, _layout_of(warehouse))


def require_present_layout(warehouse: Warehouse) -> None:
    """See that neither newer nor only older code has written a warehouse; nothing to see where there is none.

    Raises:
        WarehouseError: It has.
    """
    number = _layout_of(warehouse)
    require_known(warehouse.address, number)
    if number is not None and number < LAYOUT:
        raise WarehouseError(
            f"{warehouse.address} was made by older code (layout {number}, here {LAYOUT}): `run` without `--from`, or the job "
            "`prepare`, brings it up to date."
        )


def _layout_of(warehouse: Warehouse) -> int | None:
    try:
        with warehouse.connect() as connection:
            return layout_of(connection)
    except NoWarehouseError:
        return None
