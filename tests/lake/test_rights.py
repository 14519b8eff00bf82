"""A PostgreSQL user without the right to write, or to anything, gets one sentence and none of the data."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from python_assets.addresses import open_warehouse
from python_assets.lake import Lake
from python_assets.lake.lake import _ATTACHED
from python_assets.warehouse.file_errors import WarehouseError
from tests.lake.conftest import Server
from tests.lake.worker import check, write

ACTIONS: dict[str, Callable[[Lake], object]] = {
    "write": lambda lake: write(lake, "b", 2),
    "make": lambda lake: lake.write(lambda connection: connection.execute("create table ml.more as select 1 as a")),
    "tidy": lambda lake: lake.tidy(days=0),
}


def visitor(server: Server, database: str) -> Lake:
    """A lake with a slice in it, as a user of its own without any rights sees it; the user is called like the database."""
    lake = server.new_lake(database)
    lake.prepare()
    write(lake, "a", 1)
    server.sql(database, f"create role {database} login")
    seen = open_warehouse(lake.address.replace("user=lake", f"user={database}"))
    assert isinstance(seen, Lake)
    return seen


def refusal(lake: Lake, of: str) -> str:
    """The whole sentence."""
    return (
        f"PostgreSQL refuses the user of {lake.address} (permission denied for {of}): who only reads needs `select` on all "
        "tables, who writes the rights of the role that made the lake, and who makes it `create` (docs/scaling.md says how "
        "to grant them)."
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_a_user_who_may_only_read_is_told_what_is_missing(server: Server, action: str) -> None:
    reader = visitor(server, f"reader_{action}")
    server.sql(f"reader_{action}", f"grant select on all tables in schema public to reader_{action}")
    check(reader)
    with pytest.raises(WarehouseError, match=f"^{re.escape(refusal(reader, 'table ducklake_snapshot'))}$"):
        ACTIONS[action](reader)
    check(reader)


def test_a_user_without_rights_is_told_too(server: Server) -> None:
    nobody = visitor(server, "nobody")
    with pytest.raises(WarehouseError, match=re.escape(refusal(nobody, "table ducklake_metadata"))):
        check(nobody)


def test_who_may_not_make_a_lake_is_told(server: Server) -> None:
    maker = server.new_lake("no_maker")
    server.sql("no_maker", "create role no_maker login")
    lake = open_warehouse(maker.address.replace("user=lake", "user=no_maker"), lake_data=maker.data)
    assert isinstance(lake, Lake)
    with pytest.raises(WarehouseError, match=re.escape(refusal(lake, "schema public"))):
        lake.prepare()


def test_who_was_granted_the_rights_of_the_docs_writes(server: Server) -> None:
    """And what such a user makes, the others can use."""
    writer = visitor(server, "writer")
    server.sql("writer", "grant lake to writer; alter role writer in database writer set role lake")
    for action in ACTIONS.values():
        action(writer)
    assert server.sql("writer", "select count(*) from pg_tables where tableowner = 'writer'") == "0\n"


def test_a_server_that_takes_no_writes_is_told_with_what_to_do(server: Server) -> None:
    lake = server.new_lake("read_only")
    lake.prepare()
    server.sql("postgres", "alter database read_only set default_transaction_read_only = on")
    reader = open_warehouse(lake.address)
    _ATTACHED.clear()
    with pytest.raises(
        WarehouseError, match=r"^PostgreSQL lets nobody write at .*: name its primary server where this is a standby"
    ):
        write(reader, "a", 1)
