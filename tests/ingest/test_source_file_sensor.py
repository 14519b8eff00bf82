"""The sensor over a landing folder: when it starts a run, and when not."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_defs import sensors
from tests.ingest.samples import review, write


def look(cursor: str | None, instance: dg.DagsterInstance | None = None) -> tuple[str | None, bool]:
    """One look of the sensor: the cursor afterwards, and whether it starts a run."""
    context = dg.build_sensor_context(cursor=cursor, instance=instance or dg.DagsterInstance.ephemeral())
    result = sensors.source_file_sensor(context)
    if isinstance(result, dg.SkipReason):
        return context.cursor, False
    assert isinstance(result, dg.SensorResult)
    assert len(result.run_requests or []) == 1
    return result.cursor or context.cursor, True


def test_a_change_starts_one_run_when_it_has_settled(landing: Path) -> None:
    path = write(landing / "1.jsonl", [review("u1")])
    cursor, started = look(None)
    assert not started
    cursor, started = look(cursor)
    assert started
    assert look(cursor) == (cursor, False)
    os.utime(path, ns=(1, 1))
    for _ in range(3):
        write(path, [review("u1")] * (2 + path.stat().st_size))
        cursor, started = look(cursor)
        assert not started
    cursor, started = look(cursor)
    assert started
    write(landing / "2.jsonl", [review("u2")]).rename(landing / "3.jsonl")
    (landing / ".hidden").touch()
    assert [look(cursor)[1], look(look(cursor)[0])[1]] == [False, True]


def test_a_file_of_the_same_size_and_time_with_other_contents_is_a_change(landing: Path) -> None:
    path = write(landing / "1.jsonl", [review("u1")])
    cursor, started = look(look(None)[0])
    assert started
    before = path.stat()
    write(landing / ".new", [review("u2")]).replace(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert look(look(cursor)[0])[1]


def a_run(instance: dg.DagsterInstance, *, succeeds: bool) -> None:
    """What the sensor's daemon leaves in the history of runs."""

    @dg.asset
    def outcome() -> None:
        assert succeeds

    tags = {"dagster/sensor_name": "source_file_sensor"}
    dg.materialize([outcome], instance=instance, tags=tags, raise_on_error=False)


def test_a_run_that_failed_is_started_again_for_the_same_files_but_not_at_once(
    landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(landing / "1.jsonl", [review("u1")])
    cursor, started = look(look(None)[0])
    assert started
    now = time.time()
    with dg.DagsterInstance.ephemeral() as instance:
        assert look(cursor, instance) == (cursor, False)
        a_run(instance, succeeds=False)
        assert look(cursor, instance) == (cursor, False)
        monkeypatch.setattr(sensors.time, "time", lambda: now + 700)
        assert look(cursor, instance) == (cursor, True)
        write(path, [review("u1"), review("u2")])
        changed, started = look(cursor, instance)
        assert not started
        changed, started = look(changed, instance)
        assert started
        a_run(instance, succeeds=True)
        monkeypatch.setattr(sensors.time, "time", lambda: now + 1400)
        assert look(changed, instance) == (changed, False)


def test_a_run_that_was_cancelled_is_started_again(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(landing / "1.jsonl", [review("u1")])
    cursor, _ = look(look(None)[0])
    with dg.DagsterInstance.ephemeral() as instance:
        run = create_run_for_test(instance, tags={"dagster/sensor_name": "source_file_sensor"})
        instance.report_run_canceled(run)
        assert look(cursor, instance) == (cursor, False)
        now = time.time()
        monkeypatch.setattr(sensors.time, "time", lambda: now + 700)
        assert look(cursor, instance) == (cursor, True)


def test_no_file_and_no_folder_start_nothing(landing: Path) -> None:
    assert look(json.dumps({"seen": "x", "started": "x"}))[1] is False
    landing.rmdir()
    assert look(None) == (None, False)


def test_the_sensor_is_off_until_it_is_switched_on() -> None:
    assert sensors.source_file_sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert sensors.source_file_sensor.job_name == "prepare"
