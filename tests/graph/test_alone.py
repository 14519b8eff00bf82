"""A population of vLLM is evaluated in a process of its own."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs.run import RunError, run_study
from dagster_defs.run_state import Step
from dagster_defs.workspace import Workspace, open_workspace
from tests.graph.conftest import Finished, own_environment, run_command

STEP = Step("evaluate", dg.MultiPartitionKey({"split": "Combined", "population": "asked"}), "asked on Combined", True)


@pytest.fixture
def workspace(small_run: Finished, tmp_path: Path) -> Workspace:
    """The finished run's, with one more population, which vLLM answers for."""
    path = shutil.copy(small_run.warehouse.path, tmp_path / "small.duckdb")
    study = tmp_path / "small.yml"
    asked = "  - {name: asked, condition: grounded, size: 3, rater: {backend: vllm, model: nobody/nothing}}\nmetrics:"
    study.write_text((small_run.folder / "small.yml").read_text().replace("metrics:", asked))
    opened = open_workspace(study=str(study), warehouse=path)
    # As if `prepare` had brought its settings in.
    changed = "update raw.study set config_hash = ?"
    opened.warehouse.write(lambda connection: connection.execute(changed, [opened.study.config_hash()]))
    return opened


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo loading >&2; echo 'nothing of note'; echo 'no such model'; exit 1", "no such model"),
        ("echo loading >&2; exit 1", "asked on Combined failed: its process ended early"),
        ("echo loading >&2; kill -9 $$", "asked on Combined failed: signal 9 ended its process"),
    ],
)
def test_its_progress_is_seen_and_its_end_is_explained(
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    script: str,
    words: str,
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(RunError) as failed:
        run_study([STEP], workspace)
    assert str(failed.value) == words
    assert "loading" in capfd.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
def test_without_vllm_the_command_says_how_to_install_it(workspace: Workspace, tmp_path: Path) -> None:
    options = ("--study", str(workspace.study_file), "--warehouse", workspace.address, "--from", "evaluate")
    done = run_command(tmp_path, own_environment(tmp_path), "run", *options)
    assert done.returncode == 1
    assert done.stdout == ""
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("Error: ")
    assert "vllm" in error
    assert "pip install" in error
    assert done.stderr.count(error.removeprefix("Error: ")) == 1
