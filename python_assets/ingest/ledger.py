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

    def in_words(self) -> str:
        """The counts, as `ingest` tells them."""
        counts = (self.n_read, self.n_accepted, self.n_rejected, self.n_duplicate)
        return in_words(str(self.path), self.category, self.kind, *counts)


def in_words(
    path: str, category: str, kind: Kind, n_read: int, n_accepted: int, n_rejected: int, n_duplicate: int
) -> str:
    """What became of the lines of one file, as `ingest` tells it."""
    outcome = f"{n_accepted:,} accepted + {n_rejected:,} rejected + {n_duplicate:,} duplicate"
    return f"{Path(path).name}: {category} {kind}, {n_read:,} read = {outcome}"


class Reading(NamedTuple):
    """The same bytes, under the same path, for the same use: they need not be read again."""

    path: Path
    category: str
    kind: Kind
    sha256: str


def known_readings(connection: duckdb.DuckDBPyConnection, path: Path | None = None) -> dict[Reading, FileReport]:
    """What the ledger says of one file, or of all."""
    rows = connection.execute(
        """
        select path, category, kind, sha256, format, n_read, n_accepted, n_rejected, n_duplicate, n_corrected
        from raw.ingested_files
        where $path is null or path = $path
        """,
        {"path": path and str(path)},
    ).fetchall()
    found = {}
    for name, category, kind, digest, layout, n_read, n_accepted, n_rejected, n_duplicate, n_corrected in rows:
        reading = Reading(Path(name), category, kind, digest)
        counts = (n_read, n_accepted, n_rejected, n_duplicate, n_corrected)
        found[reading] = FileReport(reading.path, kind, category, layout, digest, *counts, True)
    return found


def record(connection: duckdb.DuckDBPyConnection, report: FileReport, *, batch_id: str) -> None:
    """Write a report into the ledger, in the place of earlier ones of the same path, which are put away with their batches.

    Only what the same bytes led to in another category stays: of each file one set of rejected lines is on record.
    """
    row = {
        **report._asdict(),
        "path": str(report.path),
        "bytes": report.path.stat().st_size,
        "batch_id": batch_id,
        "ingested_at": datetime.now(UTC).replace(tzinfo=None),
    }
    del row["skipped"]
    replaced = """
        from raw.ingested_files
        where
            path = $path
            and (category = $category or kind <> $kind or format <> $format or sha256 <> $sha256 or n_rejected <> $n_rejected)
    """
    known_by = {name: row[name] for name in ("path", "category", "kind", "format", "sha256", "n_rejected")}
    connection.execute(f"insert into raw.earlier_readings by name select * {replaced}", known_by)
    connection.execute(f"delete {replaced}", known_by)
    columns = ", ".join(f"${name} as {name}" for name in row if name != "ingested_at")
    # A withdrawal reads the others again in this order, which a clock that was set back, or another machine's, must not turn.
    after_all = "greatest($ingested_at, (select max(ingested_at) + interval 1 microsecond from raw.ingested_files))"
    connection.execute(f"insert into raw.ingested_files by name select {columns}, {after_all} as ingested_at", row)
