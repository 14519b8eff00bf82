"""Upkeep: fewer files, the same rows, and nobody who reads or writes meanwhile is harmed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from python_assets.lake import UPKEEP
from tests.graph.conftest import own_environment, run_command
from tests.lake.conftest import NewWarehouse, Server
from tests.lake.processes import finish, start
from tests.lake.worker import check, write

ROWS = "from ml.item_clusters order by all"


def test_the_same_rows_afterwards(new_warehouse: NewWarehouse) -> None:
    warehouse = new_warehouse("tidied")
    warehouse.prepare()
    for number in range(6):
        write(warehouse, "a", number)
        write(warehouse, "b", number)
    before = warehouse.rows(ROWS)
    for _ in range(2):
        warehouse.tidy(days=0)
        assert warehouse.rows(ROWS) == before
    write(warehouse, "a", 9)
    check(warehouse)


def test_small_files_and_old_versions_go(server: Server) -> None:
    lake = server.new_lake("small_files")
    lake.prepare()
    for number in range(6):
        for split in ("a", "b", "c"):
            write(lake, split, number)

    def look() -> tuple[int, int]:
        assert lake.data is not None
        return lake.rows("select count(*) from ducklake_snapshots('lake')")[0][0], len(
            [*Path(lake.data).rglob("*.parquet")]
        )

    versions, files = look()
    assert files == 36
    assert lake.tidy(days=7)
    # Nothing is old enough to go: only the present small files were merged, in a version of its own.
    assert look()[0] == versions + 1
    assert look()[1] > files
    assert lake.tidy(days=0)
    assert look()[0] < versions
    # A file that was given up just now may still be read: it goes the next time.
    assert lake.tidy(days=0)
    assert look()[1] == 2


def test_writers_and_readers_go_on_meanwhile(server: Server) -> None:
    lake = server.new_lake("tidied_meanwhile")
    lake.prepare()
    for split in ("a", "b"):
        write(lake, split, 0)
    processes = [
        *(start("write", lake.address, split, "12") for split in ("a", "b")),
        start("read", lake.address, "-", "12"),
    ]
    tidied = 0
    while any(process.poll() is None for process in processes):
        # The command's own least: what a transaction has not committed yet is younger.
        lake.tidy(days=1)
        tidied += 1
    for process in processes:
        finish(process)
    assert tidied > 1
    check(lake)
    counts = lake.rows("select split, count(*), min(cluster) from ml.item_clusters group by all order by all")
    assert counts == [("a", 50, 11), ("b", 50, 11)]


@pytest.mark.parametrize(("fault", "passes"), [("No such file or directory", True), ("Permission denied", False)])
def test_a_file_that_goes_while_it_is_looked_at(
    server: Server, monkeypatch: pytest.MonkeyPatch, fault: str, passes: bool
) -> None:
    lake = server.new_lake(f"gone_meanwhile_{passes}".lower())
    lake.prepare()
    write(lake, "a", 0)
    commit, calls = lake.commit, []

    def seldom(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) in (2, 3):
            raise duckdb.IOException(f'IO Error: Cannot open file "a.parquet": {fault}')
        return commit(*arguments)

    monkeypatch.setattr(lake, "commit", seldom)
    if passes:
        assert lake.tidy(days=1)
        assert len(calls) == len(UPKEEP) + 2
    else:
        with pytest.raises(duckdb.IOException, match=fault):
            lake.tidy(days=1)
    check(lake)


def test_the_command(new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    warehouse = new_warehouse("by_command")
    warehouse.prepare()
    write(warehouse, "a", 1)
    done = run_command(tmp_path, own_environment(tmp_path), "tidy", "--warehouse", warehouse.address)
    assert done.returncode == 0, done.stderr
    expected = "needs none" if warehouse.path.suffix == ".duckdb" else "older than 7 days are gone"
    assert warehouse.address in done.stdout
    assert expected in done.stdout
    refused = run_command(tmp_path, own_environment(tmp_path), "tidy", "--days", "0", "--warehouse", warehouse.address)
    assert refused.returncode == 2
