"""dbt's manifest is made once, and by several processes at once without harm."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs import dbt_parse as dbt
from tests.conftest import PROJECT
from tests.graph.conftest import Finished


def test_two_starts_at_once_never_read_half_a_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("models", "dbt_project"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(dbt, "PROJECT", tmp_path)
    monkeypatch.setattr(dbt, "DBT_DIR", tmp_path / "dbt_project")
    target = tmp_path / "dbt_project" / "target"
    with ThreadPoolExecutor(2) as pool:
        starts = [pool.submit(dbt.ensure_manifest) for _ in range(2)]
        while not all(start.done() for start in starts):
            if (target / "manifest.json").exists():
                assert json.loads((target / "manifest.json").read_text())["nodes"]
    assert {start.result() for start in starts} == {target / "manifest.json"}
    assert sorted(path.name for path in target.iterdir()) == ["manifest.json", "parsed", "parsed_for"]
    made = (target / "manifest.json").stat().st_mtime_ns
    assert dbt.ensure_manifest().stat().st_mtime_ns == made


def test_dbt_reads_the_project_once_for_a_warehouse(small_run: Finished) -> None:
    with dg.DagsterInstance.from_config(small_run.environment["DAGSTER_HOME"]) as instance:
        runs = [run.run_id[:7] for run in instance.get_runs()]
    logs = [log for run in runs for log in (dbt.DBT_DIR / "target").glob(f"dbt_models-{run}-*/dbt.log")]
    _, *later = (log.read_text() for log in sorted(logs, key=lambda log: log.stat().st_mtime))
    assert later
    assert all("no changes found, skipping parsing" in log for log in later)


def test_a_model_of_long_ago_that_comes_or_goes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = tmp_path / "models"
    for folder in (models, *(tmp_path / "dbt_project" / name for name in ("macros", "seeds", "data-tests"))):
        folder.mkdir(parents=True)
    for file in (models / "a.sql", *(tmp_path / "dbt_project" / f"{name}.yml" for name in ("dbt_project", "profiles"))):
        file.touch()

    def parse(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        apart = Path(command[-1])
        (apart / "partial_parse.msgpack").touch()
        (apart / "manifest.json").write_text(" ".join(sorted(path.stem for path in models.iterdir())))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(dbt, "PROJECT", tmp_path)
    monkeypatch.setattr(dbt, "DBT_DIR", tmp_path / "dbt_project")
    monkeypatch.setattr(dbt.subprocess, "run", parse)
    assert dbt.ensure_manifest().read_text() == "a"
    (models / "b.sql").touch()
    os.utime(models / "b.sql", (0, 0))
    assert dbt.ensure_manifest().read_text() == "a b"
    (models / "b.sql").unlink()
    assert dbt.ensure_manifest().read_text() == "a"


@pytest.mark.parametrize("begin", [dbt.ensure_manifest, lambda: dbt.new_target("a run")])
def test_an_installation_that_somebody_else_owns_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: Callable[[], Path]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        # Root may write everywhere, so the fault cannot be made here.
        raise PermissionError(errno.EACCES, "Permission denied", "/x/target/tmp1")

    monkeypatch.setattr(dbt, "DBT_DIR", tmp_path)
    for name in ("dbt_project", "profiles"):
        (tmp_path / f"{name}.yml").touch()
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(
        dbt.DbtManifestError, match=r"^/.*/target cannot be written .*: install from a clone of your own"
    ):
        begin()
