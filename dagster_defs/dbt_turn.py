"""A dbt-duckdb plugin: dbt waits for its turn at the warehouse file like everyone else here."""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from python_assets.warehouse import Warehouse


class Plugin(BasePlugin):
    """dbt calls it before each opening of the file."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Return once nobody else holds the file.

        Raises:
            WarehouseError: It stayed in use for too long; the message names the process.
        """
        Warehouse(creds.path).wait_until_free(read_only=config.get("access_mode") == "READ_ONLY")
