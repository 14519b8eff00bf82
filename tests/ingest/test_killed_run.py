"""A killed run keeps no other run waiting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_defs import run


@pytest.mark.parametrize("alive", [True, False])
def test_the_slots_of_a_killed_run_are_given_back_and_those_of_a_living_one_kept(tmp_path: Path, alive: bool) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    if not alive:
        process.kill()
        process.wait()
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots("warehouse", 1)
        host = run._this_process().rpartition(":")[0]
        tags = {run.PROCESS_TAG: f"{host}:{process.pid}"}
        killed = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED, tags=tags)
        assert storage.claim_concurrency_slot("warehouse", killed.run_id, "ingest").is_claimed
        run.release_killed_runs(instance)
        assert storage.claim_concurrency_slot("warehouse", "next", "ingest").is_claimed is not alive
        found = instance.get_run_by_id(killed.run_id)
        assert found is not None
        assert found.status == (dg.DagsterRunStatus.STARTED if alive else dg.DagsterRunStatus.FAILURE)
    process.kill()
    process.communicate()
