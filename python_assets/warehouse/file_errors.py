"""What DuckDB's errors say of a warehouse: that another process holds it, that another writer was faster, that it is damaged."""

from __future__ import annotations

import re
from pathlib import Path

MORE_MEMORY = "set PERSONA_FIDELITY_MEMORY to more (without it DuckDB takes up to 80% of the machine's)"


class WarehouseError(Exception):
    """The warehouse cannot be opened or used; the message says what to do."""


class NoWarehouseError(WarehouseError):
    """There is no warehouse yet."""


def first_line(error: Exception) -> str:
    """The first line of an error's message."""
    return str(error).splitlines()[0]


def is_in_use(error: Exception) -> bool:
    """Whether somebody else has the file open, so that it may be free in a moment."""
    text = _own_words(error)
    return any(words in text for words in ("set lock on file", "used by another process", "different configuration"))


def holder(error: Exception) -> str:
    """Who holds the file, as far as DuckDB's error says."""
    found = re.search(r"\(PID (\d+)\)(?: by user ([^\s.]+))?", str(error))
    if not found:
        return "another process"
    process, user = found.groups()
    return f"process {process}" + (f" of {user}" if user else "")


def is_conflict(error: Exception) -> bool:
    """Whether another writer was faster, so that the same transaction may succeed when it is done again."""
    text = _own_words(error)
    return "conflict" in text or "could not serialize" in text or "deadlock detected" in text


def is_damaged(error: Exception) -> bool:
    """Whether the file's bytes are not those that DuckDB wrote."""
    text = _own_words(error)
    return "corrupt database file" in text or "could not read enough bytes" in text


def needs_memory(error: Exception | str) -> bool:
    """Whether DuckDB had too little memory; where it finds no room for what does not fit, that is the disk's."""
    return "Out of Memory Error" in str(error) and "failed to offload" not in str(error)


def why_closed(error: Exception, path: Path, *, read_only: bool) -> str:
    """Why a file that nobody else has open cannot be opened, and what to do."""
    if any(words in _own_words(error) for words in ("permission denied", "read-only file system")):
        return (
            f"{path} may not be {'read' if read_only else 'written'}: check its permissions, and whether its folder is mounted "
            "for reading only, or name another with --warehouse."
        )
    return (
        f"{path} cannot be opened as a DuckDB file ({first_line(error).rstrip('.!')}): "
        "name another with --warehouse, or move it away and run again."
    )


def why_unusable(error: Exception, address: str) -> str:
    """Why a warehouse that is open cannot be used, and what to do; empty where an error says nothing of the kind."""
    if is_damaged(error):
        return f"{address} is damaged ({first_line(error)}): put a backup in its place, or move it away and run again."
    if needs_memory(error):
        return f"DuckDB had too little memory at {address} ({first_line(error)}): {MORE_MEMORY}, and run the same command again."
    return ""


def is_missing(error: Exception) -> bool:
    """Whether a file is not there."""
    return "no such file" in _own_words(error)


def _own_words(error: Exception) -> str:
    # What is quoted is the user's: a folder may be called anything. An apostrophe within a word opens no quotation.
    return re.sub(r"\"[^\"]*\"|(?<!\w)'[^']*'", "", str(error)).lower()
