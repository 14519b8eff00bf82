"""Read a file line by line inside DuckDB, so that every line, good or broken, keeps its true number.

The careful way: the CSV reader in one-column mode keeps the lines in order and puts aside those that are not UTF-8 or
too long; JSON is only looked into afterwards. The quick way, tried first where a reader has one, leaves lines and JSON
to DuckDB's JSON reader, which is cheaper; unless it finds every line in order, what it read is thrown away.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb

from python_assets.ingest.errors import IngestError
from python_assets.ingest.files import FileBytes, copy_with_plain_line_ends, is_gzip
from python_assets.ingest.macros import MACROS
from python_assets.warehouse.file_names import no_glob

MAX_LINE_MIB = 32
# The JSON reader keeps room for a few such lines a thread; longer ones are left to the careful way.
MAX_QUICK_LINE_MIB = 4

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

STAGE_QUICKLY = f"""
create or replace temp table refused (line_number bigint, problem varchar, excerpt varchar, shift bigint);
create or replace temp table staged as
with documents as (
    select *
    from read_json(
        $path, columns = $columns, format = 'newline_delimited', hive_partitioning = false, compression = $compression,
        maximum_object_size = {MAX_QUICK_LINE_MIB << 20}
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


class Reader(NamedTuple):
    """How a stage makes rows of a file; SQL that is never made from data.

    A row has ``is_blank``, ``problem`` (why the line is refused, or NULL), ``excerpt`` and the stage's own columns.
    """

    careful: str
    """A ``select`` over ``lines(line)`` that yields one row a line."""
    quick: str = ""
    """A ``select`` over ``documents`` that yields the same rows for lines that are in order, and a ``problem`` for all others."""
    columns: Mapping[str, str] = {}
    """Keys and types of ``documents``."""


def stage_lines(
    connection: duckdb.DuckDBPyConnection, path: Path, reader: Reader, *, surveyed: Callable[[], FileBytes]
) -> None:
    """Fill the temporary tables ``staged`` and ``refused`` and the view ``numbered`` from one file.

    Call it outside a transaction: row ids of uncommitted rows do not start at zero.

    Args:
        connection: Open for writing.
        path: The file.
        reader: What to make of its lines.
        surveyed: Waits for what ``survey`` found; asked once the file has been read the quick way.

    Raises:
        IngestError: The survey failed, DuckDB cannot read the file, or saw another number of lines than the survey.
    """
    connection.execute("set preserve_insertion_order = true")
    connection.execute(MACROS)
    is_in_order = bool(reader.quick) and _stage_quickly(connection, path, reader)
    facts = surveyed()
    if not (is_in_order and _n_staged(connection) == facts.n_lines):
        _stage_carefully(connection, path, reader, facts)
    n_refused = _n_refused(connection)
    connection.execute(NUMBERED_AROUND_REFUSED if n_refused else NUMBERED)
    n_lines = _n_staged(connection) + n_refused
    if n_lines != facts.n_lines:
        raise IngestError(
            f"{path} has {facts.n_lines} lines but {n_lines} were read: "
            "make sure that nothing writes to it, and run again."
        )


def _stage_quickly(connection: duckdb.DuckDBPyConnection, path: Path, reader: Reader) -> bool:
    """Whether no line has a problem; blank ones are passed over, and missed in the count."""
    try:
        connection.execute(STAGE_QUICKLY + reader.quick, _source(path) | {"columns": dict(reader.columns)})
    except (duckdb.InvalidInputException, duckdb.IOException):
        return False
    return connection.execute("select 1 from staged where problem is not null limit 1").fetchone() is None


def _stage_carefully(connection: duckdb.DuckDBPyConnection, path: Path, reader: Reader, facts: FileBytes) -> None:
    with _readable(path, facts) as readable:
        try:
            connection.execute(STAGE + reader.careful, _source(readable))
        except duckdb.Error as error:
            raise IngestError(
                f"{path} cannot be read ({str(error).splitlines()[0]}): unpack it yourself, or download it again."
            ) from error
    connection.execute(REFUSED)


def _source(path: Path) -> dict[str, str]:
    return {"path": no_glob(path), "compression": "gzip" if is_gzip(path) else "uncompressed"}


def _n_staged(connection: duckdb.DuckDBPyConnection) -> int:
    """Rows, or -1 when their ids are not 0, 1, 2, ..."""
    row = connection.execute(
        "select case when count(*) = coalesce(max(rowid) + 1, 0) then count(*) else -1 end from staged"
    ).fetchone()
    return int(row[0]) if row else 0


def _n_refused(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select count(*) from refused").fetchone()
    return int(row[0]) if row else 0


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
