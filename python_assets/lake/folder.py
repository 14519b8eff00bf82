"""A lake deletes what lies among its files and is none of them, so it needs a folder of its own."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import duckdb

from python_assets.warehouse.file_errors import WarehouseError

# A scheme; one letter and a colon would be a drive.
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+]+:")
# A file of rows, or of which rows of another are deleted.
_NAME = re.compile(r"ducklake-[0-9a-f-]{36}(-delete)?\.parquet")
_OWN = re.compile(rf"(.*/)?{_NAME.pattern}")
_DAMAGED = re.compile(
    "magic bytes|too small to be a Parquet|could not read enough bytes|decompression|corrupt", re.IGNORECASE
)
_FULL = re.compile("No space left|Disk quota")
_CLOSED = re.compile("Read-only file system|Permission denied")


def absolute(data: str) -> str:
    """A lake's folder as any process finds it; a store's address as it is.

    The catalogue keeps what it is given, and dbt, Dagster and other people ask it from other folders. A link stays one: on another
    machine its name may be the folder's own.

    Args:
        data: What --lake-data or PERSONA_FIDELITY_LAKE_DATA says.

    Returns:
        The same for the same folder, wherever it is named from.

    Raises:
        WarehouseError: A folder written as a URL, which DuckLake takes for the name of a folder.
    """
    if data.startswith("file:"):
        raise WarehouseError(f"--lake-data {data} is a URL: give the folder's own path, {_path_of(data)}.")
    if ELSEWHERE.match(data):
        return data
    folder = Path(data).expanduser().absolute()
    return str(folder.resolve() if ".." in folder.parts else folder)


def _path_of(url: str) -> str:
    return re.sub(r"^file:(//(localhost)?)?", "", url)


def require_own_folder(connection: duckdb.DuckDBPyConnection, data: str) -> None:
    """See that a new lake can keep its files in a folder or object store, and that nothing else is there.

    Args:
        connection: Knows the keys of object stores.
        data: What --lake-data says.

    Raises:
        WarehouseError: It cannot be made or written, or is not empty.
    """
    if ELSEWHERE.match(data):
        is_empty = not _any_stored(connection, data)
    else:
        folder = Path(data)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            is_empty = not any(folder.iterdir())
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise WarehouseError(
                f"{data} cannot hold a lake's files ({error.strerror}): name a folder that can be written with --lake-data."
            ) from error
    if not is_empty:
        raise WarehouseError(
            f"{data} is not empty, and a lake deletes what it does not know among its files: name a folder of its own "
            "with --lake-data."
        )


def is_bare(data: str) -> bool:
    """Whether a lake's folder is not there, or holds nothing at all, as where another is to be mounted; a store is never."""
    if ELSEWHERE.match(data):
        return False
    try:
        return not any(Path(data).iterdir())
    except OSError as error:
        # Who may not look into it may not write there either.
        return isinstance(error, FileNotFoundError | NotADirectoryError)


def is_free(connection: duckdb.DuckDBPyConnection, data: str) -> bool:
    """Whether a lake's folder or store can be marked, and is not yet."""
    if ELSEWHERE.match(data):
        return not _any_stored(connection, data)
    return Path(data).is_dir() and is_bare(data)


def _any_stored(connection: duckdb.DuckDBPyConnection, data: str) -> bool:
    try:
        return bool(connection.execute("from glob(?) limit 1", [data.rstrip("/") + "/**"]).fetchall())
    except duckdb.HTTPException as error:
        # A store may make a bucket when something is first written there.
        if "HTTP 404" in str(error):
            return False
        raise


def mark_as_taken(connection: duckdb.DuckDBPyConnection, data: str) -> None:
    """Leave a file where a lake's will be: the first of these comes later, and until then the folder would look free.

    Raises:
        WarehouseError: There is no room for it, or no right.
    """
    path = f"{data.rstrip('/')}/lake.csv".replace("'", "''")
    words = "Here are the files of a lake (DuckLake). Of other Parquet files among them none is safe."
    try:
        connection.execute(f"copy (select '{words}' as lake) to '{path}' (format csv, use_tmp_file false)")
    except duckdb.IOException as error:
        if not (trouble := trouble_with_a_file(str(error), data)):
            raise
        raise WarehouseError(f"{data} {trouble}, then run the same command again.") from error


def trouble_with_a_file(text: str, data: str) -> str:
    """What is wrong with one of a lake's files, and what to do; empty where an error says nothing of the kind.

    Args:
        text: The error's.
        data: Where the lake's files are.
    """
    if _DAMAGED.search(text) and _NAME.search(text):
        return "is damaged: bring it back from a backup"
    if _FULL.search(text) and data in text:
        return "has no room: make room on its disk"
    if _CLOSED.search(text) and data in text:
        return "cannot be used: see that its folder is mounted for reading and writing, and that you may do both there"
    return ""


def strangers(files: list[str]) -> list[str]:
    """Those that no lake has written, by their names."""
    return sorted(file for file in files if not _OWN.fullmatch(file))
