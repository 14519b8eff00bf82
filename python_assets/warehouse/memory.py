"""How much memory DuckDB may take."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.spill import spill_apart

MEMORY_VARIABLE = "PERSONA_FIDELITY_MEMORY"


def bound_memory(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyConnection:
    """Keep DuckDB's memory under PERSONA_FIDELITY_MEMORY (say 4GB) when it is set; what does not fit goes to disk.

    Args:
        connection: To the database.
        path: The database's file, or what is named after it; what does not fit goes beside it.

    Raises:
        WarehouseError: The variable is not a size.
    """
    spill_apart(connection, path)
    if size := os.environ.get(MEMORY_VARIABLE):
        try:
            connection.execute("set memory_limit = ?", [size])
        except duckdb.Error as error:
            connection.close()
            raise WarehouseError(f"{MEMORY_VARIABLE} is {size!r}: give a size such as 4GB, or unset it.") from error
    return connection
