"""A turn is kept as long as its work takes; one that PostgreSQL takes away is not passed over in silence."""

from __future__ import annotations

import time

import duckdb
import pytest

from python_assets.addresses import open_warehouse
from python_assets.lake.lake import _ATTACHED
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.turn import Work
from tests.lake.conftest import Server
from tests.lake.worker import check, write

END_HOLDERS = """
    select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
"""
LOST = "The turn at ducklake:.* was lost meanwhile: run the same command again"


def test_a_turn_outlasts_what_postgresql_gives_a_statement_or_an_idle_transaction(server: Server) -> None:
    lake = server.new_lake("impatient")
    lake.prepare()
    # The second is shorter than a look at the turn takes.
    for setting in ("idle_in_transaction_session_timeout = '1s'", "statement_timeout = '400ms'"):
        server.sql("impatient", f"alter database impatient set {setting}")
    _ATTACHED.clear()
    with lake.alone(Work.MODELS):
        time.sleep(3)
        with (
            pytest.raises(WarehouseError, match="all the time"),
            open_warehouse(lake.address, wait_seconds=0).alone(Work.MODELS),
        ):
            raise AssertionError


def test_a_write_that_postgresql_gives_no_time_says_which_setting_does(server: Server) -> None:
    """The same command would end there each time."""
    lake = server.new_lake("hurried")
    lake.prepare()
    server.sql("hurried", "alter database hurried set idle_in_transaction_session_timeout = '300ms'")
    _ATTACHED.clear()

    def dawdle(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("delete from ml.item_clusters")
        time.sleep(1)
        connection.execute("delete from ml.instrument_retests")

    with pytest.raises(WarehouseError, match="give its idle_in_transaction_session_timeout more time"):
        lake.write(dawdle)


def test_a_lost_turn_is_told(server: Server) -> None:
    lake = server.new_lake("lost")
    lake.prepare()
    with pytest.raises(WarehouseError, match=LOST), lake.alone(Work.MODELS):
        server.sql("lost", END_HOLDERS)
    with lake.alone(Work.MODELS):
        pass


def test_nothing_is_written_after_a_lost_turn(server: Server) -> None:
    lake = server.new_lake("lost_write")
    lake.prepare()
    write(lake, "a", 1)

    def lose(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("delete from ml.item_clusters")
        server.sql("lost_write", END_HOLDERS)

    with pytest.raises(WarehouseError, match=LOST):
        lake.write(lose)
    check(lake)
    write(lake, "b", 1)
    assert lake.rows("select split from ml.item_clusters group by all order by all") == [("a",), ("b",)]


@pytest.mark.parametrize(
    "left",
    [
        duckdb.InvalidInputException(
            "Attempting to fetch from an unsuccessful query result Error: TransactionContext Error: Current transaction is aborted"
        ),
        duckdb.InternalException(
            "INTERNAL Error: Attempted to access index 0 within vector of size 0\n\nStack Trace:\n\n/lib/ducklake.duckdb_extension(+0xd7f00b)"
        ),
    ],
    ids=["aborted", "no row"],
)
def test_what_a_cut_leaves_behind_is_told_as_one(server: Server, left: duckdb.Error) -> None:
    """As DuckLake words it when connections are ended beside placing and training."""
    lake = server.new_lake(f"left_by_{type(left).__name__.lower()}")
    lake.prepare()
    with (
        pytest.raises(WarehouseError, match=r"^PostgreSQL ended the connection .* run the same command"),
        lake.connect(),
    ):
        raise left
    write(lake, "a", 1)
    check(lake)
