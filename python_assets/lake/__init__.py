"""The warehouse as a lake, for several machines that write at once."""

from python_assets.lake.lake import LAKE_DATA_VARIABLE, Lake, is_lake

__all__ = ["LAKE_DATA_VARIABLE", "Lake", "is_lake"]
