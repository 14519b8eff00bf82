"""What dbt leaves behind at every call does not pile up."""

import os
import time
from pathlib import Path

import pytest

from dagster_defs.dbt_cli import ARTIFACTS_KEPT_SECONDS, remove_old_artifacts


def artifacts(target: Path, name: str, *, age: float) -> Path:
    folder = target / name
    (folder / "compiled").mkdir(parents=True)
    (folder / "dbt.log").write_text("done")
    then = time.time() - age
    os.utime(folder, (then, then))
    return folder


def test_old_artifacts_go_and_others_stay(tmp_path: Path) -> None:
    old, old_too = (
        artifacts(tmp_path, name, age=ARTIFACTS_KEPT_SECONDS + 60)
        for name in ("dbt_models-023f936-f69c853", "dbt_models_2-45c72d3-556528d")
    )
    recent = artifacts(tmp_path, "dbt_models-8603a6f-c6e5531", age=ARTIFACTS_KEPT_SECONDS - 60)
    other = artifacts(tmp_path, "compiled", age=10 * ARTIFACTS_KEPT_SECONDS)
    (tmp_path / "manifest.json").write_text("{}")

    remove_old_artifacts(tmp_path)

    assert not old.exists()
    assert not old_too.exists()
    assert recent.exists()
    assert other.exists()
    assert (tmp_path / "manifest.json").exists()


def test_no_folder_yet(tmp_path: Path) -> None:
    remove_old_artifacts(tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_what_cannot_be_removed_is_no_reason_to_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(path)

    folder = artifacts(tmp_path, "dbt_models-023f936-f69c853", age=2 * ARTIFACTS_KEPT_SECONDS)
    monkeypatch.setattr("shutil.rmtree", refused)
    remove_old_artifacts(tmp_path)
    assert folder.exists()
