"""Upkeep: fewer files, the same rows, and nobody who reads or writes meanwhile is harmed."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import duckdb
import pytest

from python_assets.addresses import open_warehouse
from python_assets.lake.upkeep import CLEARING, MERGING
from python_assets.warehouse.file_errors import WarehouseError
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

    def seldom(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        if len(calls) in (2, 3):
            raise duckdb.IOException(f'IO Error: Cannot open file "a.parquet": {fault}')
        return commit(*arguments, **options)

    monkeypatch.setattr(lake, "commit", seldom)
    if passes:
        assert lake.tidy(days=1)
        # Two that failed, and two looks at files without an owner.
        assert len(calls) == len(CLEARING) + len(MERGING) + 2 + 2
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


def test_a_lake_wants_a_folder_of_its_own(server: Server, tmp_path: Path) -> None:
    """What lies among its files and is none of them would be deleted by `tidy`."""
    first = server.new_lake("first")
    first.prepare()
    assert first.data is not None
    with pytest.raises(WarehouseError, match=r"is not empty, .*name a folder of its own"):
        server.new_lake("second", data=first.data).prepare()
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(WarehouseError, match=r"cannot hold a lake's files \(File exists\): name a folder"):
        server.new_lake("third", data=str(taken)).prepare()
    # Nothing was made by what failed.
    taken.unlink()
    address = f"ducklake:postgres:dbname=third host=127.0.0.1 port={server.port} user=lake"
    open_warehouse(address, lake_data=str(taken)).prepare()


def test_what_is_not_the_lakes_own_stays(server: Server) -> None:
    lake = server.new_lake("visited")
    lake.prepare()
    write(lake, "a", 1)
    assert lake.data is not None
    other = Path(lake.data) / "corpus" / "mine.parquet"
    other.parent.mkdir(exist_ok=True)
    # What a killed write leaves: its rows, and which rows of an older file it would have deleted.
    orphans = [other.with_name(f"ducklake-{uuid.uuid4()}{ending}.parquet") for ending in ("", "-delete")]
    for path in (other, *orphans):
        path.touch()
        os.utime(path, (0, 0))
    with pytest.raises(WarehouseError, match=r"mine.parquet lies among the lake's files .*move it elsewhere"):
        lake.tidy(days=1)
    assert other.exists()
    assert all(orphan.exists() for orphan in orphans)
    other.rename(other.with_suffix(".away"))
    assert lake.tidy(days=1)
    assert not any(orphan.exists() for orphan in orphans)
    assert lake.rows("select count(*) from ml.item_clusters") != [(0,)]


def test_what_nothing_needs_goes_though_there_is_no_room_to_merge(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a write left that met the full disk is such a file, and may be all that fills it."""
    lake = server.new_lake("full")
    lake.prepare()
    write(lake, "a", 1)
    orphan = Path(str(lake.data)) / f"ducklake-{uuid.uuid4()}.parquet"
    orphan.touch()
    os.utime(orphan, (0, 0))
    commit = lake.commit

    def without_room(*arguments: Any, **options: Any) -> Any:
        def act(connection: Any) -> Any:
            spy = Mock(wraps=connection)
            spy.execute.side_effect = lambda sql: full() if "merge" in sql else connection.execute(sql)
            return arguments[1](spy)

        return commit(arguments[0], act, **options)

    def full() -> None:
        raise duckdb.IOException(f'IO Error: Could not write file "{lake.data}/a.parquet": No space left on device')

    monkeypatch.setattr(lake, "commit", without_room)
    with pytest.raises(WarehouseError, match=r"^A file of the lake at .* has no room: make room on its disk, then run"):
        lake.tidy(days=1)
    assert not orphan.exists()


def test_sql_does_not_write_among_the_lakes_files(server: Server, tmp_path: Path) -> None:
    lake = server.new_lake("written_into")
    lake.prepare()
    write(lake, "a", 1)
    assert lake.data is not None
    before = {path: path.stat().st_size for path in Path(lake.data).rglob("*.parquet")}

    def ask(query: str) -> str:
        done = run_command(tmp_path, own_environment(tmp_path), "sql", query, "--warehouse", lake.address)
        return done.stdout + done.stderr

    for query in (
        f"copy (select 1 as a) to '{min(before)}'",
        f"explain analyze copy (select 1 as a) to '{min(before)}'",
        "from ducklake_flush_inlined_data('lake')",
        "from query('from ducklake_flush_in' || 'lined_data(''lake'')')",
    ):
        assert ask(query) == "Error: The query cannot be answered: `sql` reads only, so ask with `select` or `from`.\n"
    assert "ducklake-" in ask("select data_file from ducklake_list_files('lake', 'item_clusters', schema => 'ml')")
    assert {path: path.stat().st_size for path in Path(lake.data).rglob("*.parquet")} == before
