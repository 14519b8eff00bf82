"""A PostgreSQL that does not speak English: what is waited for and what is told does not hang on its words."""

from __future__ import annotations

import threading

import pytest

from python_assets.addresses import open_warehouse
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.turn import Work
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


def test_a_refusal_is_told_in_the_words_of_the_server_without_the_statement(german_server: Server) -> None:
    lake = german_server.new_lake("rights")
    lake.prepare()
    german_server.sql("rights", "create role visitor login")
    visitor = open_warehouse(lake.address.replace("user=lake", "user=visitor"))
    with pytest.raises(
        WarehouseError, match=r"does not do what is asked of .* \(keine Berechtigung für Tabelle \w+\): see to"
    ):
        check(visitor)
    german_server.sql("rights", "grant select on all tables in schema public to visitor")
    check(visitor)
    with pytest.raises(
        WarehouseError, match=r"^[^;]* \(keine Berechtigung für Tabelle ducklake_snapshot\): see to that"
    ):
        write(visitor, "a", 1)


def test_who_is_not_let_in_is_told_what_to_look_at(german_server: Server) -> None:
    lake = german_server.new_lake("entry")
    lake.prepare()
    for old, new, said in (
        ("dbname=entry", "dbname=nowhere", "Datenbank »nowhere« existiert nicht"),
        ("user=lake", "user=nobody", "Rolle »nobody« existiert nicht"),
    ):
        with pytest.raises(WarehouseError, match=f"does not let you in .* database and user exist, .* {said}"):
            check(open_warehouse(lake.address.replace(old, new)))
