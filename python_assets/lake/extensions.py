"""DuckDB's extensions for a lake, from wherever this machine has them."""

from __future__ import annotations

import duckdb

from python_assets.warehouse.file_errors import WarehouseError

EXTENSIONS = ("ducklake", "postgres_scanner", "httpfs")


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load what a lake needs: from DuckDB's folder, else the packages of the extra ``lake``, else the network.

    Raises:
        WarehouseError: None of the three has it.
    """
    for name in EXTENSIONS:
        try:
            connection.load_extension(name)
        except duckdb.Error:
            _install(connection, name)
            connection.load_extension(name)


def _install(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    try:
        from duckdb_extensions import import_extension

        import_extension(name, con=connection)
    except (ImportError, duckdb.Error):
        try:
            connection.install_extension(name)
        except duckdb.Error as error:
            raise WarehouseError(
                f"DuckDB's extension {name} is missing: install it with `pip install 'persona-fidelity[lake]'`."
            ) from error
