"""What can go wrong while reading files, in words for the person who named them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from python_assets.warehouse.file_errors import MORE_MEMORY, needs_memory

_NO_ROOM = re.compile(r"no space left|too large|quota exceeded|failed to offload", re.IGNORECASE)


class IngestError(Exception):
    """A file cannot be found or read; the message is one sentence that says what to do next."""


class NoFileError(IngestError):
    """A source has no file."""

    def __init__(self, pattern: str, message: str) -> None:
        """Keep what the study calls the source."""
        super().__init__(message)
        self.pattern = pattern


@contextmanager
def write_errors(what: str) -> Iterator[None]:
    """Turn what goes wrong while the warehouse is written into one sentence.

    Args:
        what: What is being written, as the sentence's subject.

    Raises:
        IngestError: DuckDB or the disk gave up; the transaction was not committed.
    """
    try:
        yield
    except (duckdb.Error, OSError) as error:
        cause = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        help_ = (
            MORE_MEMORY if needs_memory(cause) else "make room on the disk" if _NO_ROOM.search(cause) else "mend that"
        )
        raise IngestError(f"{what} was not kept ({cause}): {help_}, and run the same command again.") from error
