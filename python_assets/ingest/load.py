"""Read one file into the warehouse, as one transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from python_assets.ingest import item_lines, review_lines
from python_assets.ingest.errors import IngestError, write_errors
from python_assets.ingest.files import FileBytes, check_file, sha256, surveying
from python_assets.ingest.formats import Kind, Layout, require_layout
from python_assets.ingest.ledger import FileReport, Reading, known_readings, record
from python_assets.ingest.lines import stage_lines
from python_assets.ingest.merge import merge_staged
from python_assets.warehouse import Warehouse
from python_assets.warehouse.turn import Work

READERS = {"reviews": review_lines.reader, "items": item_lines.reader}


def ingest_file(
    warehouse: Warehouse,
    path: Path,
    *,
    category: str,
    kind: Kind,
    format: str = "auto",
    batch_id: str,
    known: Mapping[Reading, FileReport] | None = None,
) -> FileReport:
    """Read a review or item file into ``raw.reviews`` or ``raw.items``.

    A changed file under a known path is merged: rows that it no longer has stay. NUL characters are removed from all
    strings, and titles, texts, descriptions and feature lists are cut at 100,000 characters; longer ids are refused.

    Args:
        warehouse: Where to; ``prepare`` has made its tables.
        path: JSON lines or rating-only CSV, plain or gzip.
        category: Product category of all the file's rows.
        kind: What the file holds.
        format: ``amazon_2023``, ``amazon_2018``, ``ratings_csv``, or ``auto`` to tell by the first lines.
        batch_id: Names the ingest run in every row written.
        known: What has been read before, for who looks at many files; else the warehouse is asked.

    Returns:
        The counts; those of the earlier reading when the file is unchanged and was skipped. A file of which every line
        was rejected is recorded and reported, not an error here.

    Raises:
        IngestError: The file cannot be read or is not what it is said to be; nothing was written.
    """
    path = Path(os.path.abspath(path))
    check_file(path)
    before, digest = _stamp(path), sha256(path)
    reading = Reading(path, category, kind, digest)
    if known is None:
        with warehouse.connect() as connection:
            known = known_readings(connection, path)
    if reading in known:
        return known[reading]
    with write_errors(str(path)), surveying(path) as surveyed:
        layout = _layout(path, kind, format, surveyed)
        reader = READERS[kind](layout.format)
        if not reader.quick:
            surveyed()  # Before the warehouse is held: only the quick way has something to do meanwhile.
        with warehouse.connect(read_only=False) as connection:
            # Another process may have read the same file while this one waited for its turn.
            if earlier := known_readings(connection, path).get(reading):
                return earlier
            stage_lines(connection, path, reader, surveyed=surveyed)
            if _stamp(path) != before:
                raise IngestError(f"{path} changed while it was read: wait until it is complete, and run again.")

            def merge(connection: duckdb.DuckDBPyConnection) -> FileReport:
                # A lake is open to others while the lines are staged.
                if earlier := known_readings(connection, path).get(reading):
                    return earlier
                report = merge_staged(connection, path, layout, category=category, batch_id=batch_id, digest=digest)
                record(connection, report, batch_id=batch_id)
                return report

            return warehouse.commit(connection, merge, work=Work.FILES)


def _layout(path: Path, kind: Kind, declared: str, surveyed: Callable[[], FileBytes]) -> Layout:
    try:
        return require_layout(path, kind=kind, declared=declared)
    except IngestError:
        surveyed()  # That the file is damaged says more.
        raise


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
