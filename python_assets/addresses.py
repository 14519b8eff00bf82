"""What `--warehouse` names: a lake, or a DuckDB file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from python_assets.lake import Lake, is_lake
from python_assets.lake.folder import ELSEWHERE
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.file_names import check_file_name


def open_warehouse(
    address: str | Path,
    *,
    lake_data: str | None = None,
    wait_seconds: float | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> Warehouse:
    """A lake when the address says so, else a DuckDB file.

    Raises:
        WarehouseError: The address is that of something else, or of a file under whose name nothing would be found.
    """
    if is_lake(address):
        return Lake(str(address).strip(), data=lake_data, wait_seconds=wait_seconds, on_wait=on_wait)
    if isinstance(address, str) and ELSEWHERE.match(address):
        raise WarehouseError(
            f"{address} is no file on this machine: a warehouse is one, or a lake (ducklake:postgres:...), "
            "whose files may be in an object store (--lake-data)."
        )
    path = Path(address).expanduser()
    check_file_name(path)
    return Warehouse(path, wait_seconds=wait_seconds, on_wait=on_wait)
