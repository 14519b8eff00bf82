"""A killed run keeps no other run waiting."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_defs.processes import PROCESS_TAG, release_killed_runs
from python_assets.processes import is_gone, this_process

HOST, NUMBER, STARTED = this_process().split(":")


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """One that waits to be ended."""
    started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield started
    started.kill()
    started.communicate()


@pytest.mark.parametrize("alive", [True, False])
def test_the_slots_of_a_killed_run_are_given_back_and_those_of_a_living_one_kept(
    tmp_path: Path, process: subprocess.Popen[bytes], alive: bool
) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    if not alive:
        process.kill()
        process.wait()
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots("warehouse", 1)
        tags = {PROCESS_TAG: f"{HOST}:{process.pid}"}
        killed = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED, tags=tags)
        assert storage.claim_concurrency_slot("warehouse", killed.run_id, "ingest").is_claimed
        release_killed_runs(instance)
        assert storage.claim_concurrency_slot("warehouse", "next", "ingest").is_claimed is not alive
        found = instance.get_run_by_id(killed.run_id)
        assert found is not None
        assert found.status == (dg.DagsterRunStatus.STARTED if alive else dg.DagsterRunStatus.FAILURE)


def test_a_number_that_another_process_has_by_now() -> None:
    assert int(NUMBER) == os.getpid()
    assert not is_gone(this_process())
    assert is_gone(f"{HOST}:{NUMBER}:{float(STARTED) - 3600:.2f}")


def test_a_process_that_nobody_buried(process: subprocess.Popen[bytes]) -> None:
    tag = f"{HOST}:{process.pid}"
    assert not is_gone(tag)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
    assert is_gone(tag)


@pytest.mark.parametrize("tag", ["", "elsewhere:4194304", "elsewhere:1:1.00"])
def test_of_other_machines_nothing_is_known(tag: str) -> None:
    assert not is_gone(tag)
