"""Two writers of a lake at once: what the first of them wrote is seen by the second, so that nothing is there twice."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from python_assets.addresses import open_warehouse
from python_assets.ingest import ingest_file, load
from python_assets.lake.extensions import load_extensions
from python_assets.lake.turns import attach_catalogue
from python_assets.warehouse import Warehouse, replace_rows
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.turn import Work
from tests.lake.conftest import Server
from tests.lake.test_writers import FIRST
from tests.lake.worker import ROWS, rows_of


def test_a_slice_that_two_write_for_the_first_time_is_there_once(server: Server) -> None:
    lake = server.new_lake("first_time")
    lake.prepare()
    (clusters, _), where = rows_of("a", 1), {"split": "a"}
    second = threading.Thread(
        target=lambda: open_warehouse(lake.address).replace_slice("ml.item_clusters", clusters, where=where)
    )
    waited = []

    def write(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("from ml.item_clusters").fetchall()
        if not waited:
            second.start()
            second.join(1.5)
            waited.append(second.is_alive())
        replace_rows(connection, "ml.item_clusters", clusters, where=where)

    lake.write(write)
    second.join(30)
    assert waited == [True]
    assert lake.rows("select count(*) from ml.item_clusters") == [(ROWS,)]


def test_a_file_that_two_read_at_once_is_there_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = server.new_lake("read_twice")
    lake.prepare()
    path = tmp_path / "All_Beauty.jsonl"
    path.write_text("".join(json.dumps({**FIRST, "user_id": f"u{number}"}) + "\n" for number in range(10)))
    stage, staged = load.stage_lines, []

    def read(warehouse: Warehouse) -> bool:
        return ingest_file(warehouse, path, category="All_Beauty", kind="reviews", batch_id="x").skipped

    def stage_slowly(*arguments: Any, **options: Any) -> None:
        stage(*arguments, **options)
        if not staged:
            staged.append(True)
            assert read(open_warehouse(lake.address)) is False

    monkeypatch.setattr(load, "stage_lines", stage_slowly)
    assert read(lake) is True
    assert lake.rows("select count(*), count(distinct user_id) from raw.reviews") == [(10, 10)]
    assert lake.rows("select count(*) from raw.ingested_files") == [(1,)]


def test_who_waits_too_long_says_so(server: Server) -> None:
    lake = server.new_lake("waiting")
    lake.prepare()
    said: list[str] = []
    other = open_warehouse(lake.address, wait_seconds=4, on_wait=said.append)
    with lake.alone(Work.MODELS):
        # What is other work goes on.
        other.replace_slice("ml.item_clusters", rows_of("a", 1)[0], where={"split": "a"})
        with (
            pytest.raises(WarehouseError, match=r"is writing to ducklake:.* all the time: try again"),
            other.alone(Work.MODELS),
        ):
            raise AssertionError
    with other.alone(Work.MODELS):
        pass
    assert said == [f"Another process is writing to {lake.address}: waiting up to 4 s for it."]


@pytest.mark.parametrize("limit", [1, 2])
def test_a_postgresql_without_a_free_connection_is_one_sentence(server: Server, limit: int) -> None:
    lake, user = server.new_lake(f"crowded_{limit}"), f"visitor_{limit}"
    with duckdb.connect() as connection:
        load_extensions(connection)
        attach_catalogue(connection, lake.address.removeprefix("ducklake:postgres:"))
        for statement in (
            f"create role {user} login connection limit {limit}",
            f"grant all on database crowded_{limit} to {user}",
        ):
            connection.execute(f"call postgres_execute('turns', '{statement}; grant all on schema public to {user}')")
    address = lake.address.replace("user=lake", f"user={user}")
    visitor = open_warehouse(address, lake_data=str(lake.data), wait_seconds=0.5)
    with pytest.raises(
        WarehouseError, match=r"has no connection free: run fewer processes at once, .* too many connections"
    ):
        visitor.prepare()
