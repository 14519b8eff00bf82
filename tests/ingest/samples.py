"""Hand-made files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from python_assets.ingest import FileReport, ingest_file
from python_assets.warehouse import Warehouse

MILLISECONDS = 1_500_000_000_000


def review(user: Any = "u1", item: Any = "i1", rating: Any = 5.0, time: Any = MILLISECONDS, **more: Any) -> bytes:
    """A 2023 review line."""
    row = {"user_id": user, "parent_asin": item, "rating": rating, "timestamp": time, "title": "t", "text": "x"}
    return json.dumps(row | more).encode()


def without(line: bytes, key: str) -> bytes:
    """The line with one key less."""
    row = json.loads(line)
    del row[key]
    return json.dumps(row).encode()


def write(path: Path, lines: Sequence[bytes]) -> Path:
    """Write lines, gzipped if the name says so."""
    data = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(data, compresslevel=1) if path.suffix == ".gz" else data)
    return path


def ingest(warehouse: Warehouse, path: Path, **more: Any) -> FileReport:
    """Ingest reviews of the category ``C``, unless told otherwise."""
    return ingest_file(warehouse, path, **({"category": "C", "kind": "reviews", "batch_id": "b1"} | more))


def counts(report: FileReport) -> tuple[int, int, int, int, int]:
    """Read, accepted, rejected, duplicate and corrected lines."""
    return report.n_read, report.n_accepted, report.n_rejected, report.n_duplicate, report.n_corrected


def rejected(warehouse: Warehouse) -> list[tuple[int, str]]:
    """Line numbers and reasons of all rejected lines, in order."""
    rows = warehouse.rows("select line_number, reason from raw.rejected_rows order by line_number")
    return [(number, reason) for number, reason in rows]
