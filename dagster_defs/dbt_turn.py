"""A dbt-duckdb plugin: dbt waits for its turn at the warehouse file like everyone else here."""

from __future__ import annotations

from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from python_assets.warehouse import Warehouse, bound_memory


class Plugin(BasePlugin):
    """dbt calls it before and after each opening of the file.

    The connection in between keeps others out, and makes dbt's own opening free: DuckDB opens a file once a process.
    """

    _held: duckdb.DuckDBPyConnection | None = None

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Return once nobody else holds the file.

        Raises:
            WarehouseError: It stayed in use for too long; the message names the process.
        """
        # With dbt's own settings: a process cannot open a file twice in two ways. Nobody waits for a lake.
        self._held = None if creds.path == ":memory:" else Warehouse(creds.path).take_turn(config)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Let go: dbt has its own connection, with the same bound on memory."""
        if self._held is not None:
            self._held.close()
            self._held = None
        bound_memory(conn)
