"""A population is taken up again when its model was updated in place, and only then."""

from __future__ import annotations

import os
from pathlib import Path

from dagster_defs import sensors
from dagster_defs.plan import plan
from dagster_defs.run_state import RunState, Step
from dagster_defs.workspace import Workspace
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


def test_a_model_that_was_updated_in_place_is_seen_by_the_sensor(opened: Open, tmp_path: Path) -> None:
    config = tmp_path / "tuned" / "config.json"
    config.parent.mkdir()
    config.write_text("{}")
    workspace, _ = with_a_tuned_model(opened, config.parent)
    before = sensors.inputs(workspace, has_run=True)
    assert sensors.inputs(workspace, has_run=True) == before
    config.write_text("{ }")
    assert sensors.inputs(workspace, has_run=True) != before
