"""What PostgreSQL's and an object store's errors say of a lake, as one sentence."""

from __future__ import annotations

import re

import duckdb

from python_assets.lake.turns import NO_CONNECTION_FREE, has_no_connection_free
from python_assets.warehouse.file_errors import first_line, is_conflict

_CUT = ("server closed the connection", "terminating connection", "no connection to the server")
# DuckLake's own, when one of its several questions at once was cut, and when an answer that was cut has no row.
_LEFT_BY_A_CUT = re.compile(r"Current transaction is aborted|index 0 within vector of size 0.*ducklake", re.DOTALL)
_AWAY = ("Connection refused", "could not connect", "Is the server running", "starting up", "shutting down")
"""The third for a socket's file that is away."""
_READ_ONLY = re.compile("read-only|during recovery", re.IGNORECASE)
"""In English, and in languages that use the English word; elsewhere PostgreSQL's own words have to do."""
_ASKED = ("Failed to prepare COPY", "Failed to execute query")
_PASSING = (*NO_CONNECTION_FREE, "starting up", "shutting down", "already exists", "duplicate key")
"""What PostgreSQL says when the same attempt may succeed in a moment: also two first users who make the catalogue at once."""
AGAIN = (
    "when it runs again, run the same command; what was finished is kept (if this happens each time, give its "
    "idle_in_transaction_session_timeout more time)"
)


def why(error: duckdb.Error, address: str) -> str:
    """Why a lake cannot be opened or used, and what to do.

    Args:
        error: DuckDB's.
        address: The lake's.
    """
    if is_no_lake(error):
        return (
            f"There is no lake at {address} yet: run `persona-fidelity run` with this --warehouse and with "
            "--lake-data FOLDER first."
        )
    if refusal := _refusal(error):
        return (
            f"PostgreSQL refuses the user of {address} ({refusal}): who only reads needs `select` on all tables, who writes "
            "the rights of the role that made the lake, and who makes it `create` (docs/scaling.md says how to grant them)."
        )
    if is_away(error):
        return (
            f"The lake at {address} cannot be opened, as no PostgreSQL answers there: see that the address is right; when it "
            f"runs again, run the same command. ({_of_connecting(error) or first_line(error)})"
        )
    if is_of_a_store(error):
        return (
            f"The object store that holds the files of {address} does not answer, or refuses: see that it runs "
            f"and that DuckDB on this machine knows its key (docs/scaling.md). {first_line(error)}"
        )
    if has_no_connection_free(error):
        return (
            f"The PostgreSQL of {address} has no connection free: run fewer processes at once, or raise its "
            f"max_connections (docs/scaling.md says how many a process needs). {first_line(error)}"
        )
    if is_cut(str(error)):
        return f"PostgreSQL ended the connection to the catalogue of {address}: {AGAIN}."
    if said := _of_connecting(error):
        return (
            f"PostgreSQL does not let you in at {address}: see that the address is right, that its database and user exist, and "
            f"that PGPASSWORD or ~/.pgpass has the user's password. ({said})"
        )
    if "does not match existing data path" in str(error):
        return (
            f"The lake at {address} keeps its files elsewhere: leave --lake-data out, and unset PERSONA_FIDELITY_LAKE_DATA; "
            f"where they have moved, docs/scaling.md says how to tell the catalogue. ({first_line(error)})"
        )
    if said := said_by_postgresql(str(error)):
        if _READ_ONLY.search(said):
            return (
                f"PostgreSQL lets nobody write at {address} ({said}): name its primary server where this is a standby, or see to its "
                "default_transaction_read_only, and run the same command again."
            )
        return f"PostgreSQL does not do what is asked of {address} ({said}): see to that there, and run the same command again."
    return f"The lake at {address} cannot be opened: {' '.join(str(error).split())[:400]}"


def said_by_postgresql(text: str) -> str:
    """What PostgreSQL gave as its reason, in its own language; empty where it did not.

    Args:
        text: Of an error, in which the statement comes first: thousands of characters, perhaps with data in it.
    """
    found: list[str] = re.findall(r"\": [^\W\d_]+: +([^\n]+)", text)
    return found[-1].strip() if found else ""


def is_cut(text: str) -> bool:
    """Whether the connection to PostgreSQL ended in the middle of something."""
    unanswered = any(words in text for words in _ASKED) and not said_by_postgresql(text)
    return unanswered or bool(_LEFT_BY_A_CUT.search(text)) or any(words in text for words in _CUT)


def is_lost(text: str) -> bool:
    """Whether PostgreSQL went away from work that had begun: a connection ended, or another could not be made."""
    return is_cut(text) or ("Unable to connect to Postgres" in text and any(words in text for words in _AWAY))


def is_passing(error: duckdb.Error) -> bool:
    """Whether the same may succeed in a moment."""
    return is_conflict(error) or any(words in str(error) for words in _PASSING)


def is_away(error: duckdb.Error) -> bool:
    """Whether no PostgreSQL answers: it is being started again, or the address is wrong."""
    return not is_of_a_store(error) and any(words in str(error) for words in _AWAY)


def is_no_lake(error: duckdb.Error) -> bool:
    """Whether the database holds no catalogue."""
    return any(words in str(error) for words in ("explicitly disabled", "data_path is not set"))


def is_of_a_store(error: duckdb.Error) -> bool:
    """Whether it is an object store's."""
    # A refusal is an HTTPException, an unknown host a plain one.
    return isinstance(error, duckdb.HTTPException) or bool(re.search(r"HTTP [A-Z]+ to ", str(error)))


def is_refused(error: duckdb.Error) -> bool:
    """Whether PostgreSQL does not give the user the right to it."""
    return bool(_refusal(error))


def _of_connecting(error: duckdb.Error) -> str:
    # These words are the client's, in English everywhere; what comes after them may be the server's.
    found = re.search(r"(connection to server|could not translate host name) [^\n]*", str(error))
    return found.group() if found else ""


def _refusal(error: duckdb.Error) -> str:
    # Before it may stand the statement, thousands of characters with data in it.
    found = re.search(r"(?:ERROR|FATAL):\s+(permission denied for \w+ \S+)", str(error))
    return found.group(1) if found else ""
