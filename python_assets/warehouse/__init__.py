"""The warehouse as a DuckDB file: connections, turns, tables, and what goes wrong with files. Whoever opens one by its address
uses ``python_assets.addresses``."""

from python_assets.warehouse.file import MAX_ATTEMPTS, Result, Warehouse, replace_rows

__all__ = ["MAX_ATTEMPTS", "Result", "Warehouse", "replace_rows"]
