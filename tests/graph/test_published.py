"""When results and report are made again, and what is said of splits that are older."""

from __future__ import annotations

import os

import pytest

from dagster_defs.plan import plan
from dagster_defs.run import run_study
from dagster_defs.run_state import RunState
from python_assets.stages import Stage, finished_stages, mark
from tests.graph.conftest import Open, run_sql, to_do


@pytest.mark.parametrize("due", [True, False])
def test_splits_that_a_run_leaves_behind_are_named(opened: Open, capsys: pytest.CaptureFixture[str], due: bool) -> None:
    workspace = opened()
    if due:
        run_sql(workspace.warehouse, "delete from raw.stages where partition_key = 'random_rater|Combined'")
    (*_, publish) = plan(workspace.study)
    with RunState(workspace).doing(publish):
        pass
    run_study([publish], workspace)
    said = capsys.readouterr().err
    assert ("what is published of Combined is older than the study's settings, files or code" in said) is due


def test_a_missing_report_is_made_again(opened: Open) -> None:
    workspace = opened()
    workspace.report_path.unlink()
    assert to_do(workspace) == [("publish", "")]


def test_a_report_of_before_is_made_again(opened: Open) -> None:
    """As where another machine has published a lake since, or the file was copied to where a report lay."""
    workspace = opened()
    os.utime(workspace.report_path, (1, 1))
    assert to_do(workspace) == [("publish", "")]


def test_a_clock_that_is_ahead_on_another_machine_does_not_make_a_report_old(opened: Open) -> None:
    workspace = opened()
    ahead = "update raw.stages set finished_at = finished_at + interval 1 day where job = 'encode'"
    workspace.warehouse.write(lambda connection: connection.execute(ahead).fetchall())
    assert to_do(workspace) == []


def test_a_population_that_another_run_finished_again_while_its_scores_were_published_is_published_again(
    opened: Open,
) -> None:
    """The other had taken its scores away, and finds the same ones: what stands in the results is without them."""
    workspace = opened()
    stage = Stage("evaluate", "random_rater|Combined")
    mark(workspace.warehouse, stage, finished_stages(workspace.warehouse)[stage])
    assert to_do(workspace) == [("publish", "")]
