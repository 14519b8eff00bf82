"""Where a study, its files and its warehouse are."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_defs.workspace import open_workspace
from python_assets.ingest import resolve_files


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
