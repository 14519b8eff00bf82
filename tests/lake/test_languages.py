"""A PostgreSQL that does not speak English: what is waited for and what is told does not hang on its words."""

from __future__ import annotations

import threading

from python_assets.lake import open_warehouse
from python_assets.turn import Work
from tests.lake.conftest import Server
from tests.lake.worker import check, write


def test_a_turn_is_waited_for(german_server: Server) -> None:
    lake = german_server.new_lake("turns")
    lake.prepare()
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with lake.alone(Work.WRITES):
            inside.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(30)
    # Longer than one asking of PostgreSQL, which answers that the time is over.
    threading.Timer(2, leave.set).start()
    write(open_warehouse(lake.address), "a", 1)
    holder.join(30)
    check(lake)
