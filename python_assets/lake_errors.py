"""What PostgreSQL's and an object store's errors say of a lake, as one sentence."""

from __future__ import annotations

import re

import duckdb

from python_assets.file_errors import first_line
from python_assets.lake_turns import NO_CONNECTION_FREE, has_no_connection_free

CUT = (
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    "Failed to prepare COPY",
)
PASSING = (*NO_CONNECTION_FREE, "starting up", "shutting down", "already exists", "duplicate key")
"""What PostgreSQL says when the same attempt may succeed in a moment: also two first users who make the catalogue at once."""


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
        said = re.search(r"connection to server [^\n]*", str(error))
        return (
            f"The lake at {address} cannot be opened, as no PostgreSQL answers there: see that the address is right; when it "
            f"runs again, run the same command. ({said.group() if said else first_line(error)})"
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
    if "does not match existing data path" in str(error):
        return (
            f"The lake at {address} keeps its files elsewhere: leave --lake-data out; where they have moved, docs/scaling.md "
            f"says how to tell the catalogue. ({first_line(error)})"
        )
    return f"The lake at {address} cannot be opened: {' '.join(str(error).split())[:400]}"


def is_away(error: duckdb.Error) -> bool:
    """Whether no PostgreSQL listens: it is being started again, or the address is wrong."""
    # The second for a socket's file that is away.
    words = ("Connection refused", "could not connect", "Is the server running")
    return not is_of_a_store(error) and any(word in str(error) for word in words)


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


def _refusal(error: duckdb.Error) -> str:
    # Before it may stand the statement, thousands of characters with data in it.
    found = re.search(r"(?:ERROR|FATAL):\s+(permission denied for \w+ \S+)", str(error))
    return found.group(1) if found else ""
