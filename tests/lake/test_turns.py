"""Several processes at one file: writers take turns, readers get an answer, and who waits long is told for whom."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from dagster_defs import dbt_turn
from dagster_defs.dbt_turn import Plugin
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError, holder
from python_assets.warehouse.memory import MEMORY_VARIABLE
from python_assets.warehouse.turn import WAIT_VARIABLE, is_asked_for
from tests.graph.conftest import own_environment, run_command
from tests.lake.processes import finish, start, start_holding


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A prepared file."""
    made = Warehouse(tmp_path / "w.duckdb", wait_seconds=20)
    made.prepare()
    return made


def test_two_writers_and_two_readers_at_once_all_finish_and_see_whole_slices(
    warehouse: Warehouse, record_property: pytest.RecordProperty
) -> None:
    processes = [
        *(start("write", warehouse.address, split, "10") for split in ("a", "b")),
        *(start("read", warehouse.address, "-", "10") for _ in range(2)),
    ]
    for process in processes:
        report, errors = finish(process)
        record_property("longest_wait", max(report["seconds"]))
        print(f"longest {max(report['seconds']):.2f} s, mean {sum(report['seconds']) / 10:.3f} s", file=sys.stderr)
        assert "lock" not in errors.lower()
    counts = warehouse.rows("select split, count(*), min(cluster) from ml.item_clusters group by all order by all")
    assert counts == [("a", 50, 9), ("b", 50, 9)]


SLOW_TO_GO = """
import threading, time
from dagster_defs.dbt_turn import Plugin

class Connection:
    def close(self):
        closing.set()
    def __del__(self):
        time.sleep(1)
        print("gone")

closing, plugin = threading.Event(), Plugin("turn", {}, None)
plugin._kept = Connection()
plugin._timer = threading.Timer(0, plugin._let_go)
plugin._timer.daemon = True
plugin._timer.start()
closing.wait()
"""


def test_dbt_does_not_end_while_its_connection_is_being_destroyed() -> None:
    done = subprocess.run([sys.executable, "-c", SLOW_TO_GO], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "gone\n"), done.stderr


def test_who_waits_longer_than_a_few_seconds_is_told_once_for_whom(warehouse: Warehouse) -> None:
    told: list[str] = []
    warehouse.on_wait = told.append
    process = start_holding(warehouse.address, 4.5)
    assert warehouse.rows("select count(*) from raw.study") == [(0,)]
    process.wait()
    assert len(told) == 1
    assert f"process {process.pid}" in told[0]
    assert warehouse.address in told[0]


def test_the_command_line_says_it_too_and_answers(warehouse: Warehouse, tmp_path: Path) -> None:
    process = start_holding(warehouse.address, 6)
    answer = run_command(
        tmp_path,
        own_environment(tmp_path),
        "sql",
        "from raw.study",
        "--format",
        "json",
        "--warehouse",
        warehouse.address,
    )
    process.wait()
    assert (answer.returncode, json.loads(answer.stdout)) == (0, [])
    assert f"process {process.pid}" in answer.stderr


def test_a_short_wait_says_nothing(warehouse: Warehouse) -> None:
    told: list[str] = []
    warehouse.on_wait = told.append
    process = start_holding(warehouse.address, 1)
    warehouse.rows("select 1")
    process.wait()
    assert told == []


def test_the_limit_is_a_setting_and_its_error_names_the_process(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WAIT_VARIABLE, "0.5")
    process = start_holding(warehouse.address, 3)
    started = time.monotonic()
    with pytest.raises(WarehouseError, match=f"in use by process {process.pid}.*waited 0 s|waited 1 s"):
        Warehouse(warehouse.path).rows("select 1")
    assert time.monotonic() - started < 2.5
    process.wait()


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
def test_a_limit_that_is_no_number_of_seconds(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WAIT_VARIABLE, value)
    with pytest.raises(WarehouseError, match=WAIT_VARIABLE):
        Warehouse("w.duckdb")


def test_dbt_waits_for_its_turn(warehouse: Warehouse) -> None:
    credentials = DuckDBCredentials(path=warehouse.address, schema="main", database="w")
    plugin = Plugin(name="turn", plugin_config={}, credentials=credentials)
    process = start_holding(warehouse.address, 1.5)
    started = time.monotonic()
    plugin.update_connection_config(credentials, {})
    assert 0.5 < time.monotonic() - started < 10
    process.wait()
    with warehouse.connect(read_only=False) as connection:
        plugin.configure_connection(connection)
    finish(start("read", warehouse.address, "-", "1"))


def test_dbt_keeps_the_file_between_its_nodes_and_hands_it_over_to_who_asks(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Never let go for time's sake: only because somebody asks.
    monkeypatch.setattr(dbt_turn, "KEPT_SECONDS", 60.0)
    credentials = DuckDBCredentials(path=warehouse.address, schema="main", database="w")
    plugin = Plugin(name="turn", plugin_config={}, credentials=credentials)

    def node() -> None:
        plugin.update_connection_config(credentials, {})
        with duckdb.connect(warehouse.address) as connection:
            plugin.configure_connection(connection)
            time.sleep(0.05)

    node()
    kept = plugin._kept
    node()
    assert plugin._kept is kept
    readers = [start("read", warehouse.address, "-", "1") for _ in range(2)]
    deadline = time.monotonic() + 60
    while any(reader.poll() is None for reader in readers) and time.monotonic() < deadline:
        node()
    assert time.monotonic() < deadline
    for reader in readers:
        finish(reader)
    assert plugin._kept is not kept
    assert not list(warehouse.path.parent.glob(".*.asked"))


def test_an_asking_of_a_killed_process_does_not_count(warehouse: Warehouse) -> None:
    asking = warehouse.path.with_name(f".{warehouse.path.name}.asked")
    asking.touch()
    assert is_asked_for(warehouse.path)
    os.utime(asking, (time.time() - 5, time.time() - 5))
    assert not is_asked_for(warehouse.path)


def test_dbt_does_not_wait_for_a_connection_of_its_own_process(warehouse: Warehouse) -> None:
    credentials = DuckDBCredentials(path=warehouse.address, schema="main", database="w")
    plugin = Plugin(name="turn", plugin_config={}, credentials=credentials)
    started = time.monotonic()
    with warehouse.connect() as connection:
        plugin.update_connection_config(credentials, {})
        plugin.update_connection_config(credentials, {"access_mode": "READ_ONLY"})
        plugin.configure_connection(connection)
    assert time.monotonic() - started < 2


def test_python_and_dbt_keep_to_the_same_bound_on_memory(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY_VARIABLE, "300MiB")
    credentials = DuckDBCredentials(path=warehouse.address, schema="main", database="w")
    plugin = Plugin(name="turn", plugin_config={}, credentials=credentials)
    bound = "select current_setting('memory_limit')"
    assert warehouse.rows(bound) == [("300.0 MiB",)]
    plugin.update_connection_config(credentials, {})
    with duckdb.connect(warehouse.address) as connection:
        plugin.configure_connection(connection)
        assert connection.execute(bound).fetchall() == [("300.0 MiB",)]


def test_more_rows_than_memory_go_to_disk(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY_VARIABLE, "200MB")
    query = "select count(*) from (select md5(i::varchar) as key, count(*) from range(6_000_000) as t(i) group by key)"
    assert warehouse.rows(query) == [(6_000_000,)]


def test_a_bound_that_is_no_size(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY_VARIABLE, "much")
    with pytest.raises(WarehouseError, match=f"{MEMORY_VARIABLE} is 'much': give a size such as 4GB"):
        warehouse.rows("select 1")


def test_a_lock_error_without_a_process_still_reads_well() -> None:
    assert holder(OSError("Could not set lock")) == "another process"
    assert holder(OSError("lock is held in python (PID 12) by user ann. See also")) == "process 12 of ann"
