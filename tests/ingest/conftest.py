"""A fresh warehouse for each test, and a landing folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.study import Study
from python_assets.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty, prepared warehouse."""
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", wait_seconds=5)
    warehouse.prepare()
    return warehouse


@pytest.fixture
def landing(tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only source of the study at hand."""
    # Most tests of this folder need no Dagster.
    from dagster_defs import sensors
    from dagster_defs.assets import ingest as asset
    from dagster_defs.workspace import Workspace

    folder = tmp_path / "landing"
    folder.mkdir()
    perfect = {"name": "p", "condition": "control", "rater": {"backend": "perfect"}}
    source = {"category": "C", "reviews": "landing"}
    study = Study.model_validate({"name": "s", "sources": [source], "splits": {"C": ["C"]}, "populations": [perfect]})
    workspace = Workspace(study, tmp_path / "s.yml", warehouse.path, (tmp_path,))
    monkeypatch.setattr(asset, "WORKSPACE", workspace)
    monkeypatch.setattr(sensors, "open_workspace", lambda: workspace)
    return folder
