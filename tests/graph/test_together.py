"""A run, a materialisation from the UI, queries and reports at once on one file: nobody meets a lock error."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from dagster_graphql import DagsterGraphQLClient

from python_assets.warehouse import Warehouse
from tests.graph.conftest import COMMAND, Finished
from tests.graph.results import CORPUS, RESULTS, assert_same_results
from tests.ports import free_port

pytestmark = pytest.mark.long


class Call(NamedTuple):
    """One command that ran meanwhile."""

    what: str
    code: int
    seconds: float
    waited: bool
    errors: str


@pytest.fixture
def copied_run(small_run: Finished, tmp_path: Path) -> Finished:
    """The finished run in a folder of its own."""
    folder = tmp_path / "copy"
    shutil.copytree(small_run.folder, folder)
    environment = {**small_run.environment, "DAGSTER_HOME": str(folder / ".dagster")}
    return Finished(folder, Warehouse(folder / "warehouse" / "small.duckdb"), "", environment)


def test_everybody_gets_an_answer(copied_run: Finished, small_run: Finished) -> None:
    over = threading.Event()
    calls: list[Call] = []

    def again_and_again(what: str, *arguments: str) -> None:
        while not over.is_set():
            calls.append(timed(what, lambda: copied_run.command(*arguments)))
            time.sleep(1)

    readers = [
        threading.Thread(target=again_and_again, args=("sql", "sql", "select count(*) from corpus.interactions")),
        threading.Thread(target=again_and_again, args=("report", "report", "--out", "meanwhile.html")),
    ]
    port = free_port()
    with ui(copied_run, port):
        client = DagsterGraphQLClient("127.0.0.1", port_number=port)
        for reader in readers:
            reader.start()
        job = client.submit_job_execution("prepare")
        calls.append(timed("run", lambda: copied_run.command("run", "--study", "small.yml", "--force")))
        status = wait_for(client, job)
        over.set()
        for reader in readers:
            reader.join()
    for what in ("run", "sql", "report"):
        own = [call for call in calls if call.what == what]
        times = [call.seconds for call in own]
        print(
            f"{what}: {len(own)} calls, {sum(call.waited for call in own)} were told to wait,"
            f" {statistics.mean(times):.1f} s on average, {max(times):.1f} s at most"
        )
    failed = [call for call in calls if call.code]
    assert not failed, failed
    assert status == "SUCCESS"
    print(assert_same_results(copied_run.warehouse, small_run.warehouse, CORPUS + RESULTS), "rows equal")


def timed(what: str, command: Callable[[], subprocess.CompletedProcess[str]]) -> Call:
    """Run it; waiting is announced on standard error."""
    begun = time.monotonic()
    done = command()
    waited = "waiting up to" in done.stderr.lower()
    return Call(what, done.returncode, time.monotonic() - begun, waited, done.stderr[-1500:] if done.returncode else "")


def wait_for(client: DagsterGraphQLClient, run_id: str) -> str:
    """The last status of a run."""
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline:
        status = client.get_run_status(run_id).value
        if status in ("SUCCESS", "FAILURE", "CANCELED"):
            return status
        time.sleep(2)
    return status


@contextmanager
def ui(run: Finished, port: int) -> Iterator[None]:
    """`persona-fidelity dev`, once it answers."""
    log = (run.folder / "dev.log").open("w")
    process = subprocess.Popen(
        [str(COMMAND), "dev", "--study", "small.yml", "--port", str(port)],
        cwd=run.folder,
        env=run.environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=2).close()
                break
            except OSError:
                alive = time.monotonic() < deadline and process.poll() is None
                assert alive, (run.folder / "dev.log").read_text()[-3000:]
                time.sleep(1)
        yield
    finally:
        process.terminate()
        process.wait(60)
        log.close()
