"""Dagster's own record of runs, in DAGSTER_HOME."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg


@contextmanager
def open_history() -> Iterator[dg.DagsterInstance]:
    """Open it, after whoever does so at this moment: two that find no tables both make them, and one would fail."""
    with Path(os.environ["DAGSTER_HOME"], ".opening").open("w") as lock:
        # Not every file system has locks.
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        instance = dg.DagsterInstance.get()
    with instance:
        yield instance
