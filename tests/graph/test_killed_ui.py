"""A power cut under the UI in the middle of a run: the command line does not wait for it, and the next UI goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster_graphql import DagsterGraphQLClient

from tests.graph.conftest import COMMAND, STUDY, own_environment, run_command
from tests.ports import free_port

pytestmark = pytest.mark.long


@contextmanager
def ui(folder: Path, environment: dict[str, str]) -> Iterator[DagsterGraphQLClient]:
    """`persona-fidelity dev` in a process group of its own, which is killed in the end as by a power cut."""
    port = free_port()
    command = [str(COMMAND), "dev", "--study", "small.yml", "--port", str(port)]
    log = folder / "dev.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        ) as process,
    ):

        def answers() -> bool:
            assert process.poll() is None, log.read_text()[-3000:]
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=2).close()
            except OSError:
                return False
            return True

        try:
            wait_until(answers)
            yield DagsterGraphQLClient("127.0.0.1", port_number=port)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            # Dagster has a group of its own, so that a terminal's Ctrl-C does not reach it.
            os.killpg(int(Path(environment["DAGSTER_HOME"], "dev.lock").read_text().split()[0]), signal.SIGKILL)


def wait_until(is_so: Callable[[], bool], seconds: float = 240) -> None:
    """Look ten times a second."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_a_killed_ui_had_under_way_keeps_nobody_waiting(tmp_path: Path, demo_data: Path) -> None:
    (tmp_path / "small.yml").write_text(STUDY.format(root=demo_data))
    # Dagster has a dependency of this name.
    (tmp_path / "gql.py").write_text("raise SystemExit('a file of the user')\n")
    environment = own_environment(tmp_path)
    done = run_command(tmp_path, environment, "run", "--study", "small.yml", "--until", "prepare")
    assert done.returncode == 0, done.stderr[-3000:]
    with dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:

        def status(run_id: str) -> dg.DagsterRunStatus:
            found = instance.get_run_by_id(run_id)
            assert found is not None
            return found.status

        def is_training() -> bool:
            storage = instance.event_log_storage
            return "gpu" in storage.get_concurrency_keys() and bool(storage.get_concurrency_info("gpu").claimed_slots)

        with ui(tmp_path, environment) as client:
            killed, queued = (
                client.submit_job_execution("encode", tags={"dagster/partition": "Combined"}) for _ in range(2)
            )
            wait_until(is_training)
        assert status(killed) == dg.DagsterRunStatus.STARTED
        done = run_command(tmp_path, environment, "run", "--study", "small.yml", "--until", "encode")
        assert done.returncode == 0, done.stderr[-3000:]
        assert status(killed) == dg.DagsterRunStatus.FAILURE
        assert status(queued) == dg.DagsterRunStatus.QUEUED
        with ui(tmp_path, environment):
            wait_until(lambda: status(queued) == dg.DagsterRunStatus.SUCCESS)
