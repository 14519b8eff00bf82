"""Read a file line by line inside DuckDB, so that every line, good or broken, keeps its true number.

The CSV reader in one-column mode keeps the lines in order and puts aside those that are not UTF-8 or too long; JSON
is only looked into afterwards. A reader for a stage is a ``select`` over ``lines(line)`` that yields one row a line,
with ``is_blank``, ``problem`` (why the line is refused, or NULL), ``excerpt`` and the stage's own columns.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from python_assets.ingest.errors import IngestError
from python_assets.ingest.files import FileBytes, copy_with_plain_line_ends, is_gzip
from python_assets.ingest.macros import MACROS

MAX_LINE_MIB = 32

# A non-character of Unicode: it splits no line, as it stands in no text that is meant for exchange.
NO_DELIMITER = "\U0010ffff"

# Left alone, the buffer is sixteen times the longest line: half a GiB, and one thread for most files.
STAGE = f"""
create or replace temp table staged as
with lines as (
    select line
    from read_csv(
        $path, header = false, columns = {{'line': 'VARCHAR'}}, delim = '{NO_DELIMITER}', quote = '', escape = '',
        auto_detect = false, strict_mode = false, hive_partitioning = false, compression = $compression,
        max_line_size = {MAX_LINE_MIB << 20}, buffer_size = {MAX_LINE_MIB << 20}, store_rejects = true,
        rejects_table = 'unreadable_lines', rejects_scan = 'unreadable_scans'
    )
)
"""

# Of the lines put aside, the j-th (line r_j) shifts every staged row from number r_j - j on by one more.
REFUSED = f"""
create or replace temp table refused as
with once as (
    select line, min_by(error_type, byte_position) as error_type, min_by(csv_line, byte_position) as csv_line
    from unreadable_lines
    group by line
)
select
    line as line_number,
    case error_type
        when 'INVALID ENCODING' then 'not valid UTF-8'
        when 'LINE SIZE OVER MAXIMUM' then 'longer than {MAX_LINE_MIB} MiB'
        else 'unreadable (' || lower(error_type) || ')'
    end as problem,
    excerpt_of(ltrim(csv_line, chr(10))) as excerpt,
    row_number() over (order by line) as shift
from once;
"""

NUMBERED = """
create or replace temp view numbered as
select *, rowid as row_id, rowid + 1 as line_number
from staged
"""
NUMBERED_AROUND_REFUSED = """
create or replace temp view numbered as
with shifts as (
    select line_number - shift as from_row, max(shift) as shift
    from refused
    group by from_row
)
select staged.*, staged.rowid as row_id, staged.rowid + 1 + coalesce(shifts.shift, 0) as line_number
from staged
asof left join shifts on staged.rowid >= shifts.from_row
"""


def stage_lines(connection: duckdb.DuckDBPyConnection, path: Path, reader: str, *, facts: FileBytes) -> None:
    """Fill the temporary tables ``staged`` and ``refused`` and the view ``numbered`` from one file.

    Call it outside a transaction: row ids of uncommitted rows do not start at zero.

    Args:
        connection: Open for writing.
        path: A file that ``survey`` has passed.
        reader: The stage's ``select`` over ``lines``; never made from data.
        facts: What ``survey`` found.

    Raises:
        IngestError: DuckDB cannot read the file, or saw another number of lines than the survey.
    """
    connection.execute("set preserve_insertion_order = true")
    connection.execute(MACROS)
    with _readable(path, facts) as readable:
        compression = "gzip" if is_gzip(readable) else "none"
        try:
            connection.execute(STAGE + reader, {"path": _no_glob(readable), "compression": compression})
        except duckdb.Error as error:
            raise IngestError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    connection.execute(REFUSED)
    counts = connection.execute(
        "select count(*), coalesce(max(rowid) + 1, 0), (select count(*) from refused) from staged"
    ).fetchone()
    n_staged, n_row_ids, n_refused = counts or (0, 0, 0)
    connection.execute(NUMBERED_AROUND_REFUSED if n_refused else NUMBERED)
    if n_staged != n_row_ids or n_staged + n_refused != facts.n_lines:
        raise IngestError(
            f"{path} has {facts.n_lines} lines but {n_staged + n_refused} were read: "
            "make sure that nothing writes to it, and run again."
        )


@contextmanager
def _readable(path: Path, facts: FileBytes) -> Iterator[Path]:
    # DuckDB ends a line at every carriage return, and two lines where both kinds of line end are mixed.
    if not facts.has_carriage_returns:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="persona-fidelity-") as folder:
        copy = Path(folder) / "lines"
        copy_with_plain_line_ends(path, copy)
        yield copy


def _no_glob(path: Path) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
