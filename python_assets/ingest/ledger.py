"""The ledger of files: what was read, with which outcome, and what need not be read again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from python_assets.ingest.formats import Kind


class FileReport(NamedTuple):
    """What became of the lines of one file: ``n_read = n_accepted + n_rejected + n_duplicate``."""

    path: Path
    kind: Kind
    category: str
    format: str
    sha256: str
    n_read: int
    """Lines that are neither blank nor a CSV header."""
    n_accepted: int
    """New rows and corrections."""
    n_rejected: int
    """Lines in ``raw.rejected_rows``."""
    n_duplicate: int
    """Lines that changed nothing."""
    n_corrected: int
    """Of the accepted lines, those that changed a row."""
    skipped: bool
    """The file had been read before and has not changed; the counts are those of that time."""


def earlier_report(
    connection: duckdb.DuckDBPyConnection, path: Path, *, category: str, kind: Kind, digest: str
) -> FileReport | None:
    """The report of an earlier reading of the same bytes, under the same path, for the same use."""
    rows = connection.execute(
        """
        select format, n_read, n_accepted, n_rejected, n_duplicate, n_corrected
        from raw.ingested_files
        where path = ? and category = ? and kind = ? and sha256 = ?
        """,
        [str(path), category, kind, digest],
    ).fetchall()
    if not rows:
        return None
    layout, n_read, n_accepted, n_rejected, n_duplicate, n_corrected = rows[0]
    return FileReport(
        path, kind, category, layout, digest, n_read, n_accepted, n_rejected, n_duplicate, n_corrected, skipped=True
    )


def record(connection: duckdb.DuckDBPyConnection, report: FileReport, *, batch_id: str) -> None:
    """Write a report into the ledger, in the place of an earlier one of the same path."""
    row = {
        **report._asdict(),
        "path": str(report.path),
        "bytes": report.path.stat().st_size,
        "batch_id": batch_id,
        "ingested_at": datetime.now(UTC).replace(tzinfo=None),
    }
    del row["skipped"]
    connection.execute("delete from raw.ingested_files where path = ?", [row["path"]])
    columns = ", ".join(f"${name} as {name}" for name in row)
    connection.execute(f"insert into raw.ingested_files by name select {columns}", row)
