"""A PostgreSQL that is started again is waited for; one that was never there is not."""

from __future__ import annotations

import threading
import time

import pytest

from python_assets.file_errors import WarehouseError
from python_assets.lake import open_warehouse
from tests.lake.conftest import Server
from tests.lake.worker import check, write


def test_a_restart_is_waited_for(server: Server) -> None:
    lake = server.new_lake("restarted")
    lake.prepare()
    write(lake, "a", 1)
    check(lake)
    said: list[str] = []
    again = threading.Timer(5, server.start)
    server.stop()
    again.start()
    try:
        write(open_warehouse(lake.address, wait_seconds=60, on_wait=said.append), "b", 1)
        check(lake)
    finally:
        again.join()
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
