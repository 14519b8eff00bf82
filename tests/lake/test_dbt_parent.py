"""`kill -9` of a run's process alone: its dbt goes too, whatever it is in the middle of, and never builds beside the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import psutil
import pytest

from python_assets import signs
from python_assets.lake import Lake
from python_assets.lake.extensions import load_extensions
from python_assets.lake.turns import attach_catalogue
from python_assets.warehouse import Warehouse
from python_assets.warehouse.turn import is_asked_for
from tests.graph.conftest import own_environment
from tests.lake.conftest import Server
from tests.lake.processes import PROJECT

WAITING = "select * from postgres_query('turns', 'select 1 from pg_stat_activity where wait_event_type = ''Lock''')"


@contextmanager
def held_file(warehouse: Warehouse) -> Iterator[Callable[[], bool]]:
    """Keep dbt waiting for a file; gives whether it does."""
    with warehouse.connect(read_only=False):
        yield lambda: is_asked_for(warehouse.path)


@contextmanager
def held_lake(lake: Lake) -> Iterator[Callable[[], bool]]:
    """Keep dbt waiting inside PostgreSQL; gives whether it does."""
    with duckdb.connect() as holder, holder.cursor() as other:
        load_extensions(holder)
        attach_catalogue(holder, lake.address.removeprefix("ducklake:postgres:"))
        holder.begin()
        holder.execute("call postgres_execute('turns', 'lock table ducklake_metadata in access exclusive mode')")
        yield lambda: bool(other.execute(WAITING).fetchall())


def lives(process: int) -> bool:
    """Whether it has not ended; who is left behind is not always buried."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    return False


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Look ten times a second; whether it came to be so."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)
    return is_so()


@pytest.mark.parametrize(
    ("kind", "starter", "outlives"), [("file", "run", False), ("lake", "run", False), ("file", "shell", True)]
)
def test_dbt_ends_with_the_run_that_started_it(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    starter: str,
    outlives: bool,
) -> None:
    """Not with a shell: whoever starts it by hand may want it to go on. Others see by its sign that it lives."""
    if kind == "lake":
        server: Server = request.getfixturevalue("server")
        warehouse: Warehouse = server.new_lake(f"left_by_{starter}")
    else:
        warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare()
    environment = own_environment(tmp_path) | {
        "PERSONA_FIDELITY_WAREHOUSE": warehouse.address,
        "PYTHONPATH": str(PROJECT),
    }
    home = Path(environment["DAGSTER_HOME"])
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with held_lake(warehouse) if isinstance(warehouse, Lake) else held_file(warehouse) as waits:
        parent = subprocess.Popen(
            [sys.executable, "-m", "tests.lake.dbt_parent", starter, str(tmp_path / "target")],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert parent.stdout is not None
        dbt = int(parent.stdout.readline())
        try:
            assert wait_until(waits, 90)
            assert bool(list(home.glob(f"alive/*:{dbt}:*"))) == signs.count(home)
            parent.kill()
            parent.communicate()
            assert wait_until(lambda: not lives(dbt), 4) is not outlives
        finally:
            with suppress(ProcessLookupError):
                os.kill(dbt, signal.SIGKILL)
