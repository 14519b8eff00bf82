"""A run that was killed in another container, or before the machine was last started, keeps no other waiting; one that lives there goes on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_defs import processes
from dagster_defs.processes import (
    PROCESS_TAG,
    SERVER_TAG,
    held_by_others,
    held_up_by,
    release_killed_runs,
    release_runs_of_ended_uis,
    stop_runs_of_the_ui,
)
from python_assets import signs
from tests.elsewhere import can_unshare, process_elsewhere

Status = dg.DagsterRunStatus


class Database:
    """Anything but Dagster's own file."""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A run history with a pool of one slot, where locks count."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    if not signs.count(tmp_path):
        pytest.skip(f"{tmp_path} is on a file system whose locks do not count")
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        opened.event_log_storage.set_concurrency_slots("gpu", 1)
        yield opened


def holder_of_the_slot(instance: dg.DagsterInstance, process: str) -> dg.DagsterRun:
    run = create_run_for_test(instance, job_name="encode", status=Status.STARTED, tags={PROCESS_TAG: process})
    assert instance.event_log_storage.claim_concurrency_slot("gpu", run.run_id, "encoders").is_claimed
    return run


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Status:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def kill(process: psutil.Process) -> None:
    process.kill()
    process.wait(20)


@pytest.mark.parametrize(
    ("host", "real"),
    [
        ("c0ffee", False),
        (socket.gethostname(), False),
        pytest.param("c0ffee", True, marks=pytest.mark.skipif(not can_unshare(), reason="no namespaces here")),
    ],
    ids=["another name", "the same name", "namespaces"],
)
def test_a_run_of_another_container_keeps_its_slot_until_it_is_killed(
    instance: dg.DagsterInstance, host: str, real: bool
) -> None:
    storage = instance.event_log_storage
    with process_elsewhere(host, real=real) as (name, process):
        run = holder_of_the_slot(instance, name)
        release_killed_runs(instance)
        assert status_of(instance, run) == Status.STARTED
        assert not storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed
        number = name.split(":")[1]
        assert held_by_others(instance, "next") == [
            f"Run {run.run_id[:8]} (encode) has the pool gpu: a step of this run that needs it waits until that run's step has "
            f"ended (process {number} on {host})."
        ]
        kill(process)
        release_killed_runs(instance)
    assert status_of(instance, run) == Status.FAILURE
    assert storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed


def test_a_run_that_is_marked_as_canceled_keeps_its_slot_while_it_goes_on_in_another_container(
    instance: dg.DagsterInstance,
) -> None:
    storage = instance.event_log_storage
    with process_elsewhere("c0ffee") as (name, process):
        instance.report_run_canceled(holder_of_the_slot(instance, name))
        release_killed_runs(instance)
        assert not storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed
        kill(process)
        release_killed_runs(instance)
    assert storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed


@pytest.mark.parametrize("alive", [True, False])
def test_where_locks_do_not_count_a_user_is_told_where_to_look_and_what_to_do(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, alive: bool
) -> None:
    storage = instance.event_log_storage
    with process_elsewhere("c0ffee") as (name, process):
        run = holder_of_the_slot(instance, name)
        monkeypatch.setattr(signs, "LOCAL", frozenset())
        if not alive:
            kill(process)
        release_killed_runs(instance)
        assert status_of(instance, run) == Status.STARTED
        for line in (*held_by_others(instance, "next"), *held_up_by(instance)):
            assert f"if process {process.pid} on c0ffee has ended, which cannot be seen from here" in line
            assert "`Force termination immediately`" in line
        # As the UI does then.
        instance.report_run_canceled(run)
        release_killed_runs(instance)
        assert process.is_running() is alive
    assert storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed
    assert held_up_by(instance) == []


def test_a_history_that_machines_share_knows_a_process_by_its_number_alone(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that was made from a copy of another one's disk has its signs, all of them free."""
    monkeypatch.setattr(processes, "SqliteRunStorage", Database)
    with process_elsewhere("c0ffee") as (name, process):
        run = holder_of_the_slot(instance, name)
        kill(process)
        release_killed_runs(instance)
    assert status_of(instance, run) == Status.STARTED
    (line,) = held_up_by(instance)
    assert "on c0ffee has ended" in line


def test_a_ui_whose_history_another_machine_may_have_open_ends_no_run_that_is_starting(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {SERVER_TAG: '{"socket": "/nowhere/at/all"}'}
    run = create_run_for_test(instance, status=Status.STARTING, tags=tags)
    with monkeypatch.context() as patched:
        patched.setattr(signs, "LOCAL", frozenset())
        release_runs_of_ended_uis(instance)
        assert stop_runs_of_the_ui(instance) == []
    assert status_of(instance, run) == Status.STARTING
    release_runs_of_ended_uis(instance)
    assert status_of(instance, run) == Status.FAILURE


def test_a_run_that_was_starting_when_its_ui_was_killed_is_named_where_nobody_can_end_it(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signs, "LOCAL", frozenset())
    create_run_for_test(instance, status=Status.STARTED)
    assert held_up_by(instance) == [], "its server may still answer"
    run = create_run_for_test(instance, job_name="encode", status=Status.STARTING)
    release_runs_of_ended_uis(instance)
    assert status_of(instance, run) == Status.STARTING
    (line,) = held_up_by(instance)
    assert line.startswith(f"Run {run.run_id[:8]} (encode) counts as under way; if the UI that started it has ended, ")
    assert "`Force termination immediately`" in line
