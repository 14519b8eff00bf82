"""A population is taken up again when its model was updated in place, and only then."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_defs import run, sensors, stage_marks
from dagster_defs.plan import plan
from dagster_defs.run_state import Fingerprint, RunState, Step
from dagster_defs.stage_marks import BEGAN, PERSONAS, MarkingWarehouse
from dagster_defs.workspace import Workspace
from python_assets.raters import model_state
from python_assets.stages import finished_stages
from tests.graph.conftest import Open


def with_a_tuned_model(opened: Open, model: Path) -> tuple[Workspace, Step]:
    """The study with a population whose model is a folder, and its step."""
    told = f"populations:\n  - {{name: told, condition: demographic, size: 3, rater: {{backend: transformers, model: {model}}}}}"
    workspace = opened(old="populations:", new=told)
    return workspace, next(step for step in plan(workspace.study) if "told" in str(step.partition))


def test_a_model_that_was_updated_in_place_makes_its_population_due(opened: Open, tmp_path: Path) -> None:
    config = tmp_path / "tuned" / "config.json"
    config.parent.mkdir()
    config.write_text("{}")
    workspace, step = with_a_tuned_model(opened, config.parent)
    with RunState(workspace).doing(step):
        pass
    assert RunState(workspace).is_done(step)
    os.utime(config, (1, 1))
    assert RunState(workspace).is_done(step)
    config.write_text("{ }")
    assert not RunState(workspace).is_done(step)
    with RunState(workspace).doing(step):
        config.write_text("{  }")
    assert not RunState(workspace).is_done(step)


def test_a_model_that_comes_while_its_step_runs_or_is_on_another_machine_is_no_other(
    opened: Open, tmp_path: Path
) -> None:
    model = tmp_path / "fetched"
    workspace, step = with_a_tuned_model(opened, model)
    with RunState(workspace).doing(step):
        model.mkdir()
        (model / "config.json").write_text("{}")
    assert RunState(workspace).is_done(step)
    (model / "config.json").unlink()
    model.rmdir()
    assert RunState(workspace).is_done(step)


def test_a_model_that_comes_while_a_run_of_the_ui_evaluates_is_no_other(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "fetched"
    workspace, step = with_a_tuned_model(opened, model)
    monkeypatch.setattr(stage_marks, "WORKSPACE", workspace)
    monkeypatch.setattr(stage_marks, "_is_finished", lambda *_: True)
    instance = dg.DagsterInstance.ephemeral()
    names = {"dagster/partition/population": "told", "dagster/partition/split": "Combined"}
    run = create_run_for_test(instance, job_name="evaluate", tags=names)
    context: Any = SimpleNamespace(instance=instance, run=run, log=None)
    warehouse = MarkingWarehouse(address=workspace.address)
    warehouse._begun = dict(stage_marks._begun(run))
    model.mkdir()
    (model / "config.json").write_text("{}")
    warehouse.teardown_after_execution(context)
    assert RunState(workspace).is_done(step)
    # A backfill's next run, of the answers say, holds its own beside them.
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    held, marked = found.tags[BEGAN + PERSONAS], finished_stages(workspace.warehouse)[step.stage]
    assert Fingerprint.parse(held).same(RunState(workspace).personas_fingerprint(step))
    assert Fingerprint.parse(marked).same(RunState(workspace).fingerprint(step))


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("inputs:old.content", "inputs:new.content", True),
        ("inputs", "inputs", True),
        ("inputs", "inputs:new.content", False),
        ("inputs:new.other", "inputs:new.content", False),
        ("others:new.content", "inputs:new.content", False),
        ("", "inputs", False),
    ],
)
def test_fingerprints_are_the_same_whatever_the_models_files_look_like(before: str, now: str, same: bool) -> None:
    parsed = Fingerprint.parse(now)
    assert Fingerprint.parse(before).same(parsed) is same
    assert str(parsed) == now


def test_a_model_that_was_updated_in_place_is_seen_by_the_sensor(opened: Open, tmp_path: Path) -> None:
    config = tmp_path / "tuned" / "config.json"
    config.parent.mkdir()
    config.write_text("{}")
    workspace, _ = with_a_tuned_model(opened, config.parent)
    before = sensors.inputs(workspace, has_run=True)
    assert sensors.inputs(workspace, has_run=True) == before
    config.write_text("{ }")
    assert sensors.inputs(workspace, has_run=True) != before


def test_weights_that_only_look_otherwise_are_read_by_one_run(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "tuned" / "config.json"
    config.parent.mkdir()
    config.write_text("{}")
    workspace, step = with_a_tuned_model(opened, config.parent)
    (*_, publish) = plan(workspace.study)
    for done in (step, publish):
        with RunState(workspace).doing(done):
            workspace.report_path.touch()
    os.utime(config, (1, 1))
    # A look of the sensor's has no time for them.
    assert not RunState(workspace, reads_weights=False).is_done(step)
    monkeypatch.setattr(run, "require_prepared", lambda *_: None)
    run.run_study([step], workspace)
    monkeypatch.setattr(model_state, "folder_sha256", lambda folder: pytest.fail("read again"))
    assert RunState(workspace).is_done(step)
    assert RunState(workspace, reads_weights=False).is_done(step)
    assert RunState(workspace).is_done(publish)
