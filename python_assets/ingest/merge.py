"""Write the staged lines of one file, and make sure that the counts add up.

The counts come from different places: lines read, outcomes judged, rows refused, and rows that the table grew by.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from python_assets.ingest import item_merge, review_merge
from python_assets.ingest.errors import IngestError
from python_assets.ingest.formats import Kind, Layout
from python_assets.ingest.ledger import FileReport

TABLES: dict[Kind, str] = {"reviews": "raw.reviews", "items": "raw.items"}

_COUNT_READ = """
    select
        (select count(*) from numbered where not is_blank and line_number > $header_line)
        + (select count(*) from refused where line_number > $header_line)
"""

_INSERT_REJECTED = """
    insert into raw.rejected_rows by name
    select $path as file, line_number, problem as reason, excerpt, $batch_id as batch_id
    from (
        select line_number, problem, excerpt from numbered where problem is not null and not is_blank
        union all
        select line_number, problem, excerpt from refused
    )
    where line_number > $header_line
    order by line_number
"""


def merge_staged(
    connection: duckdb.DuckDBPyConnection, path: Path, layout: Layout, *, category: str, batch_id: str, digest: str
) -> FileReport:
    """Merge what ``stage_lines`` left behind, inside the caller's transaction.

    Args:
        connection: The one that staged the lines.
        path: Absolute path of the file.
        layout: Its layout.
        category: Product category of its rows.
        batch_id: Names the ingest run.
        digest: SHA-256 of the file.

    Raises:
        IngestError: The file has no row, or the counts do not add up.
    """
    table, header = TABLES[layout.kind], {"header_line": layout.header_line}
    n_read = _count(connection, _COUNT_READ, header)
    if n_read == 0:
        raise IngestError(f"{path} has a header and no row: download or export it again.")
    n_usable = _count(connection, review_merge.COUNT_USABLE, header)
    n_rows_before = _count(connection, f"select count(*) from {table}")
    _write_rows(connection, layout, category=category, path=str(path), batch_id=batch_id)
    n_rejected = _write_rejected(connection, layout, path=str(path), batch_id=batch_id)
    n_grown = _count(connection, f"select count(*) from {table}") - n_rows_before

    outcomes = dict(connection.execute("select outcome, count(*) from judged group by outcome").fetchall())
    n_new, n_corrected = outcomes.get("new", 0), outcomes.get("corrected", 0)
    if layout.kind == "reviews":
        n_new += n_usable - sum(outcomes.values())
    report = FileReport(
        path=path,
        kind=layout.kind,
        category=category,
        format=layout.format,
        sha256=digest,
        n_read=n_read,
        n_accepted=n_new + n_corrected,
        n_rejected=n_rejected,
        n_duplicate=outcomes.get("duplicate", 0),
        n_corrected=n_corrected,
        skipped=False,
    )
    reconcile(report, n_grown=n_grown)
    return report


def reconcile(report: FileReport, *, n_grown: int) -> None:
    """Check one file's counts against each other.

    Args:
        report: The counts.
        n_grown: Rows that the table has more than before the file.

    Raises:
        IngestError: They do not add up.
    """
    n_accounted = report.n_accepted + report.n_rejected + report.n_duplicate
    if report.n_read != n_accounted or n_grown != report.n_accepted - report.n_corrected:
        raise IngestError(
            f"{report.path} was not kept, as its counts do not add up ({report.n_read} lines read, {n_accounted} "
            f"accounted for; {report.n_accepted - report.n_corrected} new rows, {n_grown} written): please report this."
        )


def _write_rows(
    connection: duckdb.DuckDBPyConnection, layout: Layout, *, category: str, path: str, batch_id: str
) -> None:
    row = {"category": category, "path": path, "batch_id": batch_id}
    if layout.kind == "reviews":
        header = {"header_line": layout.header_line}
        connection.execute(review_merge.judge(layout.format), {"category": category, **header})
        connection.execute(review_merge.update(layout.format), row)
        connection.execute(review_merge.PASS_OVER)
        connection.execute(review_merge.INSERT, row | header)
    else:
        connection.execute(item_merge.JUDGE, {"category": category})
        connection.execute(item_merge.UPDATE, row)
        connection.execute(item_merge.INSERT, row)


def _write_rejected(connection: duckdb.DuckDBPyConnection, layout: Layout, *, path: str, batch_id: str) -> int:
    connection.execute("delete from raw.rejected_rows where file = ?", [path])
    row = {"path": path, "batch_id": batch_id, "header_line": layout.header_line}
    connection.execute(_INSERT_REJECTED, row)
    return _count(connection, "select count(*) from raw.rejected_rows where file = $path", {"path": path})


def _count(connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any] | None = None) -> int:
    row = connection.execute(sql, params).fetchone()
    return int(row[0]) if row else 0
