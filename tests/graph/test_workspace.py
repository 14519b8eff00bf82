"""Where a study, its files and its warehouse are."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_defs.workspace import export, open_workspace
from python_assets.ingest import resolve_files
from python_assets.warehouse.file_errors import WarehouseError


def test_relative_paths_are_those_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "All_Beauty.jsonl.gz").touch()
    monkeypatch.chdir(tmp_path)
    workspace = open_workspace(study="beauty", warehouse="w.duckdb", data_root=Path("reviews"))
    monkeypatch.chdir("/")
    assert resolve_files(["**/All_Beauty.jsonl.gz"], roots=workspace.roots) == [
        tmp_path / "reviews" / "All_Beauty.jsonl.gz"
    ]
    assert workspace.warehouse.path == tmp_path / "w.duckdb"


def test_a_history_that_cannot_be_kept_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "file" / "history"))
    for variable in ("PERSONA_FIDELITY_WAREHOUSE", "PERSONA_FIDELITY_STUDY"):
        monkeypatch.setenv(variable, "")
    workspace = open_workspace(study="demo", warehouse=str(tmp_path / "w.duckdb"))
    with pytest.raises(
        WarehouseError, match=r"history cannot be kept in .*history \(Not a directory\): .*set DAGSTER_HOME"
    ):
        export(workspace, study="demo", data_root=None, limit=None)
