"""A PostgreSQL that is started again is waited for; one that was never there is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import Attachment, DuckDBCredentials

from dagster_defs.dbt_turn import Plugin
from python_assets.addresses import open_warehouse
from python_assets.lake.extensions import load_extensions
from python_assets.warehouse.file_errors import WarehouseError
from tests.lake.conftest import Server
from tests.lake.worker import check, write


@contextmanager
def away(server: Server, seconds: float) -> Iterator[None]:
    """Stopped when this begins, and started again so many seconds later."""
    again = threading.Timer(seconds, server.start)
    server.stop()
    again.start()
    try:
        yield
    finally:
        again.join()


def test_a_restart_is_waited_for(server: Server) -> None:
    lake = server.new_lake("restarted")
    lake.prepare()
    write(lake, "a", 1)
    check(lake)
    said: list[str] = []
    with away(server, 5):
        write(open_warehouse(lake.address, wait_seconds=60, on_wait=said.append), "b", 1)
        check(lake)
    assert said == [f"{lake.address} does not answer: waiting up to 60 s for it."]


def test_a_server_that_stays_away_is_one_sentence(server: Server) -> None:
    lake = server.new_lake("away")
    lake.prepare()
    server.stop()
    try:
        with pytest.raises(
            WarehouseError, match=r"no PostgreSQL answers there: .* when it runs again, run the same command"
        ):
            open_warehouse(lake.address, wait_seconds=1).rows("select 1")
    finally:
        server.start()


def test_a_mistyped_address_is_told_at_once(server: Server) -> None:
    lake = server.new_lake("typed")
    lake.prepare()
    mistyped = open_warehouse(lake.address.replace(f"port={server.port}", "port=1"), wait_seconds=60)
    started = time.monotonic()
    with pytest.raises(WarehouseError, match="see that the address is right"):
        mistyped.rows("select 1")
    assert time.monotonic() - started < 30


def test_dbt_waits_for_a_restart(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it begins, and before each node; in the middle of one it ends, as Python's steps do."""
    monkeypatch.delenv("PERSONA_FIDELITY_PARENT", raising=False)
    lake = server.new_lake("dbt_restarted")
    lake.prepare()
    attached = Attachment(path=lake.address, alias="lake")
    plugin = Plugin(name="turn", plugin_config={}, credentials=DuckDBCredentials(path=":memory:", attach=[attached]))
    with duckdb.connect() as connection:
        load_extensions(connection)
        with away(server, 3):
            plugin.configure_connection(connection)
            connection.execute(attached.to_sql())
        for _ in range(2):
            with connection.cursor() as cursor, away(server, 3):
                plugin.configure_cursor(cursor)
                assert cursor.execute("select count(*) from lake.raw.study").fetchall() == [(0,)]
