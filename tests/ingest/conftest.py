"""A fresh warehouse for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty, prepared warehouse."""
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", wait_seconds=5)
    warehouse.prepare()
    return warehouse
