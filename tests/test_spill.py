"""Each process puts what does not fit into memory into a folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pytest

from python_assets import signs
from python_assets.warehouse import Warehouse
from python_assets.warehouse.memory import MEMORY_VARIABLE, bound_memory
from python_assets.warehouse.spill import remove_leftovers, spill_apart
from tests.elsewhere import process_elsewhere

# Sorts more than fits, and says how much of it is in order; with a third argument it waits for its end with the rest on disk.
WORKER = """
import sys
from pathlib import Path

import duckdb

from python_assets.warehouse.memory import bound_memory
from python_assets.warehouse import Warehouse

kind, path, salt, *stay = sys.argv[1:]
sql = f"select md5('{salt}' || range) as hash from range(3000000) order by hash"


def work(connection):
    connection.execute("set threads = 1; set enable_progress_bar = false")
    if stay:
        rows = connection.execute(sql)
        rows.fetchone()
        print("spilt", flush=True)
        input()
    checked = f"select count(*), bool_and(hash > before) from (select hash, lag(hash) over () as before from ({sql}))"
    print(connection.execute(checked).fetchone())


if kind == "file":
    with Warehouse(path).connect() as connection:
        work(connection)
else:
    with bound_memory(duckdb.connect(), Path(path)) as connection:
        work(connection)
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {MEMORY_VARIABLE: "100MB"}
    command = [sys.executable, "-c", WORKER, *arguments]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "some.duckdb")
    made.prepare()
    return made


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_two_processes_that_spill_at_once(warehouse: Warehouse, kind: str) -> None:
    both = [start(kind, str(warehouse.path), salt) for salt in ("a", "b")]
    answers = [process.communicate()[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers == ["(3000000, True)"] * 2
    assert [path.name for path in warehouse.path.parent.iterdir()] == ["some.duckdb"]


def test_what_a_killed_process_left_is_removed_by_the_next_and_nothing_else(warehouse: Warehouse) -> None:
    folder = warehouse.path.parent
    killed, alive = (start("memory", str(warehouse.path), salt, "stay") for salt in ("a", "b"))
    try:
        for process in (killed, alive):
            assert process.stdout is not None
            assert process.stdout.readline() == "spilt\n"
        assert len(list(folder.glob(".some.duckdb.*.spill"))) == 2
        killed.kill()
        killed.wait()
        again = start("file", str(warehouse.path), "c")
        assert again.communicate()[0].strip() == "(3000000, True)"
        (left,) = folder.glob(".some.duckdb.*.spill")
        assert f",{alive.pid}," in left.name
    finally:
        killed.kill()
        alive.send_signal(signal.SIGKILL)
        for process in (killed, alive):
            process.communicate()


def test_what_was_left_in_a_container_is_removed_once_its_process_is_known_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while it lives there, nor where nothing is known of it, though it has this machine's name."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "history"))
    (tmp_path / "history").mkdir()
    if not signs.count(tmp_path):
        pytest.skip(f"{tmp_path} is on a file system whose locks do not count")
    host = socket.gethostname()
    with process_elsewhere(host) as (killed, process), process_elsewhere(host) as (alive, _):
        process.kill()
        process.wait(20)
        folders = [
            tmp_path / f".some.duckdb.{name.replace(':', ',')},0.spill"
            for name in (killed, alive, f"{host}:{process.pid}:1.00:unknown")
        ]
        for folder in folders:
            folder.mkdir()
        remove_leftovers(tmp_path / "some.duckdb")
        assert [folder.exists() for folder in folders] == [False, True, True]


def test_databases_of_one_process_have_a_folder_each_and_connections_to_one_share_it(tmp_path: Path) -> None:
    def folder_of(connection: duckdb.DuckDBPyConnection) -> str:
        return str(connection.execute("select current_setting('temp_directory')").fetchall()[0][0])

    with duckdb.connect() as one, duckdb.connect() as other, one.cursor() as more:
        for connection in (one, other, more):
            spill_apart(connection, tmp_path / "some")
        assert folder_of(one) != folder_of(other)
        assert folder_of(more) == folder_of(one)
        assert {Path(folder_of(connection)).parent for connection in (one, other)} == {tmp_path}


def test_a_folder_that_nobody_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with bound_memory(duckdb.connect(), tmp_path / "some") as connection:
        found = connection.execute("select current_setting('temp_directory')").fetchall()[0][0]
    assert Path(found).parent == Path(tempfile.gettempdir())
