"""What DuckDB's errors say of a warehouse: that another process holds it, that another writer was faster, that it is damaged."""

from __future__ import annotations

import re


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


def is_missing(error: Exception) -> bool:
    """Whether a file is not there."""
    return "no such file" in _own_words(error)


def _own_words(error: Exception) -> str:
    # What is quoted is the user's: a folder may be called anything. An apostrophe within a word opens no quotation.
    return re.sub(r"\"[^\"]*\"|(?<!\w)'[^']*'", "", str(error)).lower()
