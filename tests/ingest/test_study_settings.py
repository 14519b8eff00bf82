"""The study's settings as tables: those of one study, whatever happens while they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_defs.assets import ingest as asset
from dagster_defs.assets.ingest import STUDY
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import Workspace
from python_assets.study import Study
from python_assets.warehouse import Warehouse, file


@pytest.fixture
def write(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write the settings of a study of this name, which is its split's and population's, too."""

    def materialize(name: str) -> bool:
        settings = {
            "name": name,
            "sources": [{"category": "C", "reviews": "landing"}],
            "splits": {name: ["C"]},
            "populations": [{"name": name, "condition": "control", "rater": {"backend": "perfect"}}],
        }
        workspace = Workspace(Study.model_validate(settings), tmp_path / "s.yml", warehouse.address, (tmp_path,))
        monkeypatch.setattr(asset, "WORKSPACE", workspace)
        resources = {"warehouse": WarehouseResource(address=warehouse.address)}
        return dg.materialize([asset.study_settings], resources=resources, raise_on_error=False).success

    return materialize


def settings_of(warehouse: Warehouse) -> list[list[tuple[Any, ...]]]:
    return [warehouse.rows(f"from raw.{name} order by all") for name in STUDY]


def test_settings_are_those_of_the_study_that_was_written_last(warehouse: Warehouse, write: Any) -> None:
    assert [write("former"), write("other")] == [True, True]
    assert warehouse.rows("select name, split, population from raw.study, raw.splits, raw.populations") == [
        ("other", "other", "other")
    ]


def test_settings_that_are_written_in_part_are_not_written(
    warehouse: Warehouse, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write("former")
    before = settings_of(warehouse)
    replace_rows = file.replace_rows

    def in_part(connection: Any, table: str, *more: Any, **where: Any) -> None:
        if table == "raw.populations":
            raise RuntimeError("killed")
        replace_rows(connection, table, *more, **where)

    monkeypatch.setattr(file, "replace_rows", in_part)
    assert not write("other")
    assert settings_of(warehouse) == before
