"""What Dagster does by itself once its sensors are switched on: what a `run` would do, and nothing where that is nothing."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_defs import refresh as job
from dagster_defs import sensors
from dagster_defs.cli.stopping import STOPPED
from dagster_defs.definitions import defs
from dagster_defs.plan import plan
from dagster_defs.processes import PROCESS_TAG
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import Workspace, open_workspace
from python_assets import fingerprints
from python_assets.stages import Stage, finished_stages, mark
from tests.graph.conftest import Finished, own_environment, run_sql

Look = Callable[[str | None], tuple[str | None, str]]
STARTED = "started"


@pytest.fixture
def workspace(small_run: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The finished run's study over a copy of its warehouse, as the UI would have it."""
    for file in (small_run.warehouse.path, small_run.warehouse.beside("report.html")):
        shutil.copy(file, tmp_path / file.name)
    study = shutil.copy(small_run.folder / "small.yml", tmp_path)
    for name, value in own_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PERSONA_FIDELITY_STUDY", str(study))
    monkeypatch.setenv("PERSONA_FIDELITY_WAREHOUSE", str(tmp_path / small_run.warehouse.path.name))
    (tmp_path / ".dagster").mkdir()
    return open_workspace()


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


@pytest.fixture
def look(workspace: Workspace, instance: dg.DagsterInstance) -> Look:
    """One look of the sensor: the cursor afterwards, and why it starts nothing, or that it does."""

    def once(cursor: str | None) -> tuple[str | None, str]:
        context = dg.build_sensor_context(cursor=cursor, instance=instance)
        result = sensors.refresh_sensor(context)
        if isinstance(result, dg.SkipReason):
            return context.cursor, str(result.skip_message)
        assert isinstance(result, dg.SensorResult)
        return result.cursor or context.cursor, STARTED

    return once


def test_after_a_run_nothing_is_started(look: Look) -> None:
    cursor, said = look(None)
    assert "waiting for one look" in said
    cursor, said = look(cursor)
    assert said == "Everything is up to date."
    assert look(cursor) == (cursor, "Nothing changed.")


@pytest.mark.parametrize(
    "change",
    ["file", "study", "import", "what the UI made anew", "report", "older report", "code", "settings of another study"],
)
def test_whatever_makes_a_step_due_starts_a_refresh_when_it_has_settled(
    workspace: Workspace, look: Look, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    cursor, _ = look(look(None)[0])
    match change:
        case "file":
            more = workspace.study_file.with_name("more.jsonl")
            more.write_text("")
            study = workspace.study_file.read_text()
            old = next(line for line in study.splitlines() if "All_Beauty.jsonl.gz" in line)
            path = old.split()[-1]
            workspace.study_file.write_text(study.replace(path, f"[{path}, {more}]", 1))
        case "study":
            workspace.study_file.write_text(workspace.study_file.read_text().replace("count: 20", "count: 21"))
        case "import":
            columns = "'Combined', 'perfect_rater', 'ratings', 'x.csv', 'abc', 1, now()::timestamp"
            run_sql(workspace.warehouse, f"insert into raw.imports values ({columns})")
            mark(workspace.warehouse, Stage("evaluate", "perfect_rater|Combined"), None)
        case "what the UI made anew":
            mark(workspace.warehouse, Stage("evaluate", "perfect_rater|Combined"), None)
        case "report":
            workspace.report_path.unlink()
        case "older report":
            os.utime(workspace.report_path, (1, 1))
        case "code":
            monkeypatch.setitem(fingerprints.CODE_FOLDERS, "models", ("*.sql",))
        case "settings of another study":
            run_sql(workspace.warehouse, "update raw.study set config_hash = 'another study'")
    cursor, said = look(cursor)
    assert "waiting for one look" in said
    assert look(cursor)[1] == STARTED


def test_the_order_of_splits_is_an_input_as_the_report_shows_them_in_it(workspace: Workspace) -> None:
    splits = {"A": ["All_Beauty"], "B": ["Musical_Instruments"]}
    one, other = (
        replace(workspace, study=workspace.study.model_copy(update={"splits": dict(order)}))
        for order in (splits.items(), reversed(splits.items()))
    )
    assert one.study.config_hash() == other.study.config_hash()
    assert sensors.inputs(one, has_run=True) != sensors.inputs(other, has_run=True)


@pytest.mark.parametrize("change", [None, "code"])
def test_a_refresh_that_failed_is_tried_at_once_after_an_update(
    workspace: Workspace, look: Look, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, change: str | None
) -> None:
    workspace.report_path.unlink()
    cursor, said = look(look(None)[0])
    assert said == STARTED
    # What the refresh itself did before it failed is no reason.
    run_sql(workspace.warehouse, "update raw.study set config_hash = 'of the refresh'")
    instance.report_run_failed(create_run_for_test(instance, tags={"dagster/sensor_name": "refresh_sensor"}))
    if change:
        monkeypatch.setitem(fingerprints.CODE_FOLDERS, "models", ("*.sql",))
    assert ("ten minutes later" in look(cursor)[1]) is not bool(change)


def test_a_run_under_way_is_waited_for_and_a_killed_one_is_not(look: Look, instance: dg.DagsterInstance) -> None:
    run = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED)
    assert look(None) == (None, "A run is under way.")
    instance.report_run_failed(run)
    assert "waiting for one look" in look(None)[1]


def test_a_run_of_which_nothing_is_known_is_named(look: Look, instance: dg.DagsterInstance) -> None:
    create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED, tags={PROCESS_TAG: "c0ffee:12:1.00:another"})
    said = look(None)[1]
    assert said.startswith("A run is under way. ")
    assert "if process 12 on c0ffee has ended" in said


@pytest.mark.parametrize("ended", ["failed", "canceled"])
def test_a_refresh_that_failed_or_was_cancelled_is_tried_again_but_not_at_once(
    workspace: Workspace, look: Look, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    workspace.report_path.unlink()
    cursor, _ = look(None)
    cursor, said = look(cursor)
    assert said == STARTED
    run = create_run_for_test(instance, tags={"dagster/sensor_name": "refresh_sensor"})
    getattr(instance, f"report_run_{ended}")(run)
    assert "ten minutes later" in look(cursor)[1]
    workspace.study_file.write_text(workspace.study_file.read_text().replace("count: 20", "count: 21"))
    changed, said = look(cursor)
    assert "waiting for one look" in said
    assert look(changed)[1] == STARTED
    workspace.study_file.write_text(workspace.study_file.read_text().replace("count: 21", "count: 20"))
    now = time.time()
    monkeypatch.setattr(sensors.time, "time", lambda: now + 700)
    assert look(cursor)[1] == STARTED


def test_a_failure_that_a_clock_set_back_puts_into_the_future_is_tried_again(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.report_run_failed(create_run_for_test(instance, tags={"dagster/sensor_name": "refresh_sensor"}))
    now = time.time()
    monkeypatch.setattr(sensors.time, "time", lambda: now - 86_400)
    ago = sensors.seconds_since_failure(instance, sensors.REFRESH)
    assert ago is not None
    assert ago >= sensors.SECONDS_BETWEEN_TRIES


def test_what_cannot_be_looked_at_is_said_and_starts_nothing(workspace: Workspace, look: Look) -> None:
    workspace.study_file.write_text("name: [")
    assert workspace.study_file.name in look(None)[1]


def test_the_job_does_what_is_due_and_its_log_says_what(
    workspace: Workspace, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    before = workspace.warehouse.rows("from results.fidelity order by all")
    mark(workspace.warehouse, Stage("publish", ""), None)
    run_sql(workspace.warehouse, "delete from results.fidelity")
    done = job.refresh.execute_in_process(
        instance=instance, resources={"warehouse": WarehouseResource(address=workspace.address)}
    )
    assert done.success
    assert workspace.warehouse.rows("from results.fidelity order by all") == before
    assert set(finished_stages(workspace.warehouse)) >= {step.stage for step in plan(workspace.study)}
    said = capfd.readouterr().err
    assert "files to corpus, item vectors and probes: unchanged" in said
    assert "result tables and report" in said


def test_why_the_job_failed_is_its_last_sentence(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    workspace.study_file.write_text("name: [")
    with pytest.raises(dg.Failure, match=workspace.study_file.name):
        job.refresh.execute_in_process(
            instance=instance, resources={"warehouse": WarehouseResource(address=workspace.address)}
        )


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        ("os.kill(os.getpid(), 9)", "Signal 9 ended `run`, which last said: [3/9] encoder of Combined"),
        ("sys.exit(3)", "`run` ended with exit code 3, which last said: [3/9] encoder of Combined"),
        (
            "print('Error: of a population', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)",
            "Signal 9 ended `run`, which last said: Error: of a population",
        ),
        ("sys.exit('Error: no room\\na warning at the very end')", "no room"),
        (f"print({STOPPED!r}, file=sys.stderr); sys.exit(143)", STOPPED),
    ],
)
def test_how_the_job_ended_is_told_where_it_gave_no_reason(
    workspace: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, ends: str, why: str
) -> None:
    script = f"import os, sys; print('[3/9] encoder of Combined', file=sys.stderr, flush=True); {ends}"
    monkeypatch.setattr(job, "COMMAND", (sys.executable, "-c", script))
    with pytest.raises(dg.Failure) as failed:
        job.refresh.execute_in_process(
            instance=instance, resources={"warehouse": WarehouseResource(address=workspace.address)}
        )
    assert failed.value.description == why


def test_all_of_it_is_off_until_somebody_switches_it_on() -> None:
    found = {sensor.name: sensor.default_status for sensor in defs.get_repository_def().sensor_defs}
    assert found == dict.fromkeys(("refresh_sensor", "source_file_sensor"), dg.DefaultSensorStatus.STOPPED)


def test_the_ui_says_of_each_table_and_sensor_what_it_is() -> None:
    repository = defs.get_repository_def()
    said = [spec.description for spec in defs.resolve_all_asset_specs()]
    assert all(said)
    assert len(set(said)) == len(said), "two tables are not the same thing"
    # They are not Markdown there.
    assert not any("`" in str(sensor.description) for sensor in repository.sensor_defs)
