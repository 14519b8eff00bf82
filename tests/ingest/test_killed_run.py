"""A killed run, or one that a killed UI started, keeps no other run waiting."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.test_utils import create_run_for_test

from dagster_defs.processes import (
    PROCESS_TAG,
    RUN_TAG,
    SERVER_TAG,
    held_by_others,
    record_process,
    release_killed_runs,
    release_runs_of_ended_uis,
    releasing_killed_runs,
    stop_runs_of_the_ui,
)
from dagster_defs.resources import WarehouseResource
from python_assets import signs
from python_assets.processes import Life, end, is_gone, life_of, this_process

Status = dg.DagsterRunStatus
HOST, NUMBER, STARTED, PLACE = this_process().split(":")
GONE = f"{HOST}:{NUMBER}:1.00:{PLACE}"
"""This process's number, as another process had it."""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """One that waits to be ended."""
    started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield started
    started.kill()
    started.communicate()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A run history with a pool of one slot."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        opened.event_log_storage.set_concurrency_slots("gpu", 1)
        yield opened


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Status:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


@pytest.mark.parametrize("alive", [True, False])
def test_the_slots_of_a_killed_run_are_given_back_and_those_of_a_living_one_kept(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes], alive: bool
) -> None:
    if not alive:
        process.kill()
        process.wait()
    storage = instance.event_log_storage
    killed = create_run_for_test(instance, status=Status.STARTED, tags={PROCESS_TAG: f"{HOST}:{process.pid}::{PLACE}"})
    assert storage.claim_concurrency_slot("gpu", killed.run_id, "encoders").is_claimed
    release_killed_runs(instance)
    assert storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed is not alive
    assert status_of(instance, killed) == (Status.STARTED if alive else Status.FAILURE)


def test_a_run_that_is_killed_while_another_waits_for_it_lets_it_go_on(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    storage = instance.event_log_storage
    killed = create_run_for_test(instance, status=Status.STARTED, tags={PROCESS_TAG: f"{HOST}:{process.pid}::{PLACE}"})
    waiting = create_run_for_test(instance, status=Status.STARTED, tags={PROCESS_TAG: this_process()})
    assert storage.claim_concurrency_slot("gpu", killed.run_id, "encoders").is_claimed
    with releasing_killed_runs(instance, every=0.05):
        assert not storage.claim_concurrency_slot("gpu", waiting.run_id, "encoders").is_claimed
        process.kill()
        process.wait()
        until = time.monotonic() + 20
        while not storage.claim_concurrency_slot("gpu", waiting.run_id, "encoders").is_claimed:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert status_of(instance, killed) == Status.FAILURE


def test_a_step_that_asks_for_a_slot_just_when_it_becomes_free_gets_it(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    ending, asking = (
        create_run_for_test(instance, status=Status.STARTED, tags={PROCESS_TAG: this_process()}) for _ in range(2)
    )
    assert storage.claim_concurrency_slot("gpu", ending.run_id, "encoders").is_claimed
    look = storage.has_unassigned_slots

    def ends_after_the_look(pool: str) -> bool:
        found = look(pool)
        storage.free_concurrency_slot_for_step(ending.run_id, "encoders")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(storage, "has_unassigned_slots", ends_after_the_look)
        assert not storage.claim_concurrency_slot("gpu", asking.run_id, "encoders").is_claimed
    release_killed_runs(instance)
    assert storage.claim_concurrency_slot("gpu", asking.run_id, "encoders").is_claimed
    release_killed_runs(instance)
    assert not storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed


@pytest.mark.parametrize(("tags", "ends"), [({SERVER_TAG: "{}"}, True), ({}, False)], ids=["UI", "command line"])
def test_a_ui_that_ends_takes_its_own_runs_with_it(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes], tags: dict[str, str], ends: bool
) -> None:
    own = {PROCESS_TAG: f"{HOST}:{process.pid}::{PLACE}"}
    run = create_run_for_test(instance, status=Status.STARTED, tags=tags | own)
    create_run_for_test(instance, status=Status.SUCCESS, tags=tags | {PROCESS_TAG: this_process()})
    create_run_for_test(instance, status=Status.STARTED, tags=tags | {PROCESS_TAG: "elsewhere:1"})
    assert stop_runs_of_the_ui(instance) == ([run.run_id] if ends else [])
    if ends:
        assert process.wait(20) == -signal.SIGTERM
    assert (process.poll() is None) is not ends


def test_a_run_that_was_starting_when_its_ui_ended_does_nothing(instance: dg.DagsterInstance) -> None:
    run = create_run_for_test(instance, status=Status.STARTING, tags={SERVER_TAG: "{}"})
    other = create_run_for_test(instance, status=Status.STARTING)
    assert stop_runs_of_the_ui(instance) == [run.run_id]
    assert status_of(instance, run) == Status.FAILURE
    assert status_of(instance, other) == Status.STARTING
    record_process(instance, other.run_id)
    with pytest.raises(dg.Failure, match="ended while it started"):
        record_process(instance, run.run_id)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.NOT_STARTED, Status.FAILURE),
        (Status.STARTING, Status.FAILURE),
        (Status.CANCELING, Status.CANCELED),
        (Status.SUCCESS, Status.SUCCESS),
    ],
)
def test_whatever_a_killed_run_was_about_to_do_it_has_ended(
    instance: dg.DagsterInstance, before: Status, after: Status
) -> None:
    run = create_run_for_test(instance, status=before, tags={PROCESS_TAG: GONE})
    release_killed_runs(instance)
    assert status_of(instance, run) == after


def test_a_run_that_the_ui_does_again_is_not_the_killed_one_whose_tags_it_has(instance: dg.DagsterInstance) -> None:
    killed = create_run_for_test(instance, status=Status.STARTED)
    tags = {PROCESS_TAG: GONE, RUN_TAG: killed.run_id}
    instance.add_run_tags(killed.run_id, tags)
    again = create_run_for_test(instance, status=Status.STARTING, tags=tags)
    release_killed_runs(instance)
    assert status_of(instance, killed) == Status.FAILURE
    assert status_of(instance, again) == Status.STARTING


@pytest.mark.parametrize("tags", [{}, {PROCESS_TAG: GONE}, {PROCESS_TAG: this_process()}])
def test_a_run_that_ended_keeps_no_slot_and_waits_for_none(instance: dg.DagsterInstance, tags: dict[str, str]) -> None:
    storage = instance.event_log_storage
    holder, waiting = (create_run_for_test(instance, status=Status.CANCELED, tags=tags) for _ in range(2))
    assert storage.claim_concurrency_slot("gpu", holder.run_id, "encoders").is_claimed
    assert not storage.claim_concurrency_slot("gpu", waiting.run_id, "encoders").is_claimed
    release_killed_runs(instance)
    assert storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed


def test_a_run_marked_as_canceled_keeps_its_slot_while_its_process_goes_on(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    storage = instance.event_log_storage
    marked = create_run_for_test(instance, status=Status.CANCELED, tags={PROCESS_TAG: f"{HOST}:{process.pid}::{PLACE}"})
    assert storage.claim_concurrency_slot("gpu", marked.run_id, "encoders").is_claimed
    release_killed_runs(instance)
    assert not storage.claim_concurrency_slot("gpu", "next", "encoders").is_claimed


def test_a_run_names_its_process_frees_what_the_dead_hold_and_tells_what_the_living_do(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    storage = instance.event_log_storage
    dead = create_run_for_test(instance, status=Status.STARTED, tags={PROCESS_TAG: GONE})
    living = create_run_for_test(instance, job_name="encode", status=Status.STARTED)
    assert storage.claim_concurrency_slot("gpu", living.run_id, "encoders").is_claimed

    @dg.asset
    def step(warehouse: WarehouseResource) -> None: ...

    resources = {"warehouse": WarehouseResource(address=str(tmp_path / "w.duckdb"))}
    done = dg.materialize([step], resources=resources, instance=instance)
    run = instance.get_run_by_id(done.run_id)
    assert run is not None
    assert run.tags[PROCESS_TAG] == this_process()
    assert run.tags[RUN_TAG] == run.run_id
    assert bool(signs.is_kept(this_process(), tmp_path)) == signs.count(tmp_path)
    assert status_of(instance, dead) == Status.FAILURE
    assert status_of(instance, living) == Status.STARTED
    told = held_by_others(instance, run.run_id)
    assert [line.split(":")[0] for line in told] == [f"Run {living.run_id[:8]} (encode) has the pool gpu"]
    assert told[0] in [entry.user_message for entry in instance.all_logs(run.run_id)]
    assert held_by_others(instance, living.run_id) == []


@pytest.mark.parametrize("status", [Status.STARTING, Status.STARTED, Status.CANCELING])
def test_runs_without_a_process_end_with_the_code_server_that_started_them(
    instance: dg.DagsterInstance, tmp_path: Path, status: Status
) -> None:
    path = str(tmp_path / "server")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        run = create_run_for_test(instance, status=status, tags={SERVER_TAG: json.dumps({"socket": path})})
        release_runs_of_ended_uis(instance)
        assert status_of(instance, run) == status
    # A server that was killed leaves its socket behind.
    assert Path(path).exists()
    release_runs_of_ended_uis(instance)
    assert status_of(instance, run) == (Status.CANCELED if status == Status.CANCELING else Status.FAILURE)


@pytest.mark.parametrize(
    ("status", "tags", "ended"),
    [
        (Status.STARTING, {}, True),
        (Status.STARTED, {}, False),
        (Status.NOT_STARTED, {}, False),
        (Status.STARTED, {SERVER_TAG: '{"socket": "/nowhere/at/all"}'}, True),
        (Status.STARTED, {SERVER_TAG: '{"socket": "/nowhere/at/all"}', PROCESS_TAG: this_process()}, False),
    ],
)
def test_which_runs_a_killed_ui_left(
    instance: dg.DagsterInstance, status: Status, tags: dict[str, str], ended: bool
) -> None:
    run = create_run_for_test(instance, status=status, tags=tags)
    release_runs_of_ended_uis(instance)
    assert status_of(instance, run) == (Status.FAILURE if ended else status)


def test_a_number_that_another_process_has_by_now() -> None:
    assert int(NUMBER) == os.getpid()
    assert not is_gone(this_process())
    assert is_gone(f"{HOST}:{NUMBER}:{float(STARTED) - 3600:.2f}:{PLACE}")


def test_a_process_that_nobody_buried(process: subprocess.Popen[bytes]) -> None:
    tag = f"{HOST}:{process.pid}::{PLACE}"
    assert not is_gone(tag)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
    assert is_gone(tag)


@pytest.mark.parametrize("tag", ["", "elsewhere:4194304", f"{HOST}:4194304", f"{HOST}:1:1.00:{'0' * 16}"])
def test_of_other_machines_nothing_is_known_and_of_containers_with_this_ones_name(tag: str) -> None:
    assert life_of(tag) == Life.UNKNOWN
    assert not end(tag)


@pytest.mark.parametrize("alive", [True, False])
def test_a_machine_whose_name_was_changed(process: subprocess.Popen[bytes], alive: bool) -> None:
    if not alive:
        process.kill()
        process.wait()
    assert life_of(f"renamed:{process.pid}::{PLACE}") == (Life.GOES_ON if alive else Life.GONE)


def test_a_process_that_the_system_shows_to_nobody_else(
    process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden(number: int) -> psutil.Process:
        raise psutil.NoSuchProcess(number)

    def not_ours(number: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(psutil, "Process", hidden)
    monkeypatch.setattr(os, "kill", not_ours)
    assert life_of(f"{HOST}:{process.pid}::{PLACE}") == Life.UNKNOWN
