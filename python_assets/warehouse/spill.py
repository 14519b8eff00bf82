"""Where DuckDB puts what does not fit into memory.

By default all processes at one file, and all that have no file and were started in one folder, share a folder for it. The
files in it have the same names, so that two who spill at once both crash, also when both only read (duckdb/duckdb#15173). And
what a killed process leaves there stays (duckdb/duckdb#24576).
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from pathlib import Path

import duckdb

from python_assets.processes import is_gone, this_process

_numbers = itertools.count()
_cleared: set[Path] = set()


def spill_apart(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Give a database a folder of its own; DuckDB makes it when it is needed, and removes it when the database is closed.

    Args:
        connection: To the database; other connections of this process to the same one share the folder.
        path: The database's file, or what is named after it: the folder stands beside it, else where temporary files go.
    """
    own = this_process().replace(":", ",")
    ((present,),) = connection.execute("select current_setting('temp_directory')").fetchall()
    if f".{own}," not in str(present):
        beside = path.parent if os.access(path.parent, os.W_OK) else Path(tempfile.gettempdir())
        folder = beside.absolute() / f".{path.name}.{own},{next(_numbers)}.spill"
        connection.execute("set temp_directory = ?", [str(folder)])


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes left beside a database; once a process.

    Args:
        path: The database's file.
    """
    path = path.absolute()
    if path in _cleared:
        return
    _cleared.add(path)
    start = f".{path.name}."
    for folder in path.parent.glob(".*.spill"):
        if folder.name.startswith(start) and is_gone(_process(folder.name.removeprefix(start)), at=folder):
            shutil.rmtree(folder, ignore_errors=True)


def _process(name: str) -> str:
    return name.removesuffix(".spill").rpartition(",")[0].replace(",", ":")
