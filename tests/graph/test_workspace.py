"""Where a study, its files and its warehouse are."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dagster_defs.workspace import PROJECT, Workspace, export, open_workspace
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


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The demo's, in an environment that is put back."""
    for variable in ("PERSONA_FIDELITY_WAREHOUSE", "PERSONA_FIDELITY_STUDY"):
        monkeypatch.setenv(variable, "")
    return open_workspace(study="demo", warehouse=str(tmp_path / "w.duckdb"))


def test_a_history_that_cannot_be_kept_is_one_sentence(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "file" / "history"))
    with pytest.raises(
        WarehouseError, match=r"history cannot be kept in .*history \(Not a directory\): .*set DAGSTER_HOME"
    ):
        export(workspace, study="demo", data_root=None, limit=None)


def test_a_disk_that_was_full_at_the_first_command_leaves_dagster_no_empty_settings(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "history"))

    def on_a_full_disk(path: Path, _: str) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_text", on_a_full_disk)
        with pytest.raises(WarehouseError, match="No space left on device"):
            export(workspace, study="demo", data_root=None, limit=None)
    assert not list((tmp_path / "history").iterdir())
    export(workspace, study="demo", data_root=None, limit=None)
    assert [file.name for file in (tmp_path / "history").iterdir()] == ["dagster.yaml"]


@pytest.mark.parametrize(("there", "stays"), [("", False), ("telemetry: {enabled: true}\n", True)])
def test_settings_of_no_bytes_are_written_and_those_of_the_user_stay(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, stays: bool
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(there)
    export(workspace, study="demo", data_root=None, limit=None)
    ours = (PROJECT / "dagster_defs" / "dagster.yaml").read_text()
    assert (tmp_path / "dagster.yaml").read_text() == (there if stays else ours)
