"""What a lake needs now and then: every write leaves small files and a new version of its tables."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from python_assets.lake.folder import strangers
from python_assets.warehouse import MAX_ATTEMPTS, Warehouse
from python_assets.warehouse.file_errors import WarehouseError, is_missing
from python_assets.warehouse.turn import Work

# Versions of tables that nobody wants to go back to are given up, with their files.
CLEARING = (
    "ducklake_expire_snapshots('lake', older_than => $before)",
    # A query or a transaction that is under way may need them.
    "ducklake_cleanup_old_files('lake', older_than => $before)",
)
# Small files become large ones. It comes last: on a full disk it has no room until the rest is gone.
MERGING = ("ducklake_merge_adjacent_files('lake')", "ducklake_rewrite_data_files('lake')")
ORPHANS = "ducklake_delete_orphaned_files('lake', older_than => $before, dry_run => {})"


def keep_up(lake: Warehouse, connection: duckdb.DuckDBPyConnection, *, days: float) -> None:
    """Merge small files; give up versions of tables, and delete files that have not been needed for so long.

    A file that is no longer needed from now on is deleted by a later call: somebody may be reading it.

    Args:
        lake: Commits.
        connection: To it, for writing.
        days: Longer than any transaction takes: an unfinished one's files look like those of one that was killed.

    Raises:
        WarehouseError: A file among the lake's is none of a lake's, so that what nothing needs was not deleted.
    """
    before = f"'{(datetime.now(UTC) - timedelta(days=days)).isoformat()}'::timestamptz"
    for function in CLEARING:
        _call(lake, connection, function.replace("$before", before))
    orphans = ORPHANS.replace("$before", before)
    others = strangers([file for (file, *_) in _call(lake, connection, orphans.format("true"))])
    if not others:
        _call(lake, connection, orphans.format("false"))
    for function in MERGING:
        _call(lake, connection, function)
    if others:
        raise WarehouseError(
            f"{others[0]} lies among the lake's files and is none of them: move it elsewhere, so that what killed "
            "processes left there can be deleted; everything else is done."
        )


def _call(lake: Warehouse, connection: duckdb.DuckDBPyConnection, function: str) -> list[tuple[Any, ...]]:
    """One step in a transaction of its own; done again when it meets a writer of the same table."""
    for attempt in range(MAX_ATTEMPTS):
        try:
            return lake.commit(connection, lambda own: own.execute(f"call {function}").fetchall(), work=Work.UPKEEP)
        except duckdb.IOException as error:
            # A writer who was not the faster one takes its files back, perhaps between being listed and looked at.
            if not is_missing(error) or attempt + 1 == MAX_ATTEMPTS:
                raise
        time.sleep(0.1)
    raise AssertionError("unreachable")
