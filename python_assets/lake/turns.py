"""Writers of a lake take turns: DuckLake lets two transactions that only insert both commit, so that rows are there twice."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import duckdb

from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.turn import WAIT_VARIABLE, Turn, Work

CATALOGUE = "turns"
"""As what the lake's PostgreSQL is attached beside the lake."""
NO_CONNECTION_FREE = ("too many clients", "too many connections", "remaining connection slots")
"""What PostgreSQL says to one client more than it, the database or the user may have; a moment later there may be room."""
_TAKEN = "persona_fidelity turn is taken"
# PostgreSQL says in its own language that the time was over; what is raised here is ours in any.
_LOCK = """
    set local statement_timeout = 0; set local lock_timeout = ''500ms''; set local idle_in_transaction_session_timeout = 0;
    do $$ begin
        perform pg_advisory_xact_lock({key});
    exception when lock_not_available then
        raise exception ''{taken}'';
    end $$
"""


def attach_catalogue(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    """Make `take_turn` possible on a connection.

    Args:
        connection: Knows the extension for PostgreSQL.
        address: How PostgreSQL is reached.
    """
    quoted = address.replace("'", "''")
    connection.execute(f"attach if not exists '{quoted}' as {CATALOGUE} (type postgres)")


def has_no_connection_free(error: duckdb.Error) -> bool:
    """Whether PostgreSQL turned a client away for their number."""
    return any(words in str(error) for words in NO_CONNECTION_FREE)


@contextmanager
def take_turn(connection: duckdb.DuckDBPyConnection, work: Work, turn: Turn, lake: str) -> Iterator[Callable[[], None]]:
    """Be the only one on any machine who is inside it with this work; PostgreSQL frees it when the process dies.

    A lock of PostgreSQL's that no table belongs to, held by a transaction of its own: what is read inside sees all that
    the one before wrote. PostgreSQL frees it, too, when it ends that transaction's connection.

    Args:
        connection: To which the catalogue was attached.
        work: What for.
        turn: How long to wait.
        lake: For the sentences.

    Yields:
        To be called before anything counts as done; raises a WarehouseError when the turn was lost meanwhile.

    Raises:
        WarehouseError: Others took all the time there was.
    """
    key = zlib.crc32(f"persona_fidelity {work}".encode())
    holder = connection.cursor()
    try:
        while not _taken(holder, key):
            if not turn.wait(f"Another process is writing to {lake}"):
                raise WarehouseError(
                    f"Another process is writing to {lake} all the time: try again when it is done, or set {WAIT_VARIABLE} to "
                    "more seconds."
                )
        yield lambda: _require_held(holder, lake)
    finally:
        with suppress(duckdb.Error):
            holder.rollback()
        holder.close()


def _taken(holder: duckdb.DuckDBPyConnection, key: int) -> bool:
    holder.begin()
    try:
        # Waits inside PostgreSQL for a moment, which is quicker and fairer than asking; not longer, for Ctrl-C.
        _ask(holder, _LOCK.format(key=key, taken=_TAKEN))
    except duckdb.Error as error:
        with suppress(duckdb.Error):
            holder.rollback()
        # The words stand in the statement, too, which precedes the answer.
        if f": {_TAKEN}" not in " ".join(str(error).split()):
            raise
        return False
    return True


def _require_held(holder: duckdb.DuckDBPyConnection, lake: str) -> None:
    try:
        _ask(holder, "select 1")
    except duckdb.Error as error:
        raise WarehouseError(f"The turn at {lake} was lost meanwhile: run the same command again.") from error


def _ask(holder: duckdb.DuckDBPyConnection, statements: str) -> None:
    holder.execute(f"call postgres_execute('{CATALOGUE}', '{statements}')")
