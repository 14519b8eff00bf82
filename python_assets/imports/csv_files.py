"""A CSV file as a table: its header says the columns and the delimiter, and a row that is otherwise is refused.

Read by Python: DuckDB guesses from the first rows, and told not to, it lets one empty column too many pass.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa

DELIMITERS = ",;\t|"
MAX_HEADER = 1 << 20
MAX_TEXT = 16 << 20
BATCH = 10_000

Row = list[str]


class CsvError(Exception):
    """A file is no CSV that can be read; the message says what is wrong with it."""


def read_csv(path: Path, *, required: Sequence[str], optional: Sequence[str]) -> tuple[list[str], pa.Table]:
    """All column names, and a table of those asked for; rows are not looked at when a required one is not there.

    Raises:
        CsvError: Names the first line that cannot be read.
    """
    with _open(path) as file:
        delimiter = _delimiter(file.read(MAX_HEADER), required)
        file.seek(0)
        rows = _rows(file, delimiter)
        header = [name.strip() for name in next(rows, [])]
        chosen = [name for name in (*required, *optional) if name in header]
        if twice := [name for name in chosen if header.count(name) > 1]:
            raise CsvError(f"it has two columns {twice[0]}")
        if not set(required) <= set(header):
            rows = iter(())
        places = [header.index(name) for name in chosen]
        schema = pa.schema([(name, pa.string()) for name in chosen])
        batches = [
            pa.record_batch([pa.array([row[place] for row in part], pa.string()) for place in places], schema=schema)
            for part in iter(lambda: list(islice(rows, BATCH)), [])
        ]
        return header, pa.Table.from_batches(batches, schema)


def opened(path: Path) -> gzip.GzipFile | io.BufferedReader:
    """The bytes of a file, unpacked where its name ends in ``.gz``."""
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


@contextmanager
def _open(path: Path) -> Iterator[io.TextIOWrapper]:
    csv.field_size_limit(MAX_TEXT)
    try:
        # The csv module sees line ends as they are: they belong to a quoted text.
        with (
            opened(path) as raw,
            io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file,
        ):
            yield file
    except UnicodeError as error:
        raise CsvError(f"line {_first_undecodable(path)}: it is not UTF-8") from error
    except (OSError, EOFError, zlib.error) as error:
        raise CsvError(f"{error}".rstrip(".")) from error


def _first_undecodable(path: Path) -> int:
    # The decoder is blocks ahead of the csv module, so it does not know.
    with opened(path) as raw:
        for number, line in enumerate(raw, start=1):
            try:
                line.decode()
            except UnicodeError:
                return number
    return number


def _delimiter(head: str, required: Sequence[str]) -> str:
    """The one at which the header has the required columns, or else most columns."""

    def fits(delimiter: str) -> tuple[bool, int]:
        # Not strict: at a wrong delimiter quotation marks stand in wrong places.
        rows = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True)
        header = next((row for row in rows if not _is_blank(row)), [])
        return set(required) <= {name.strip() for name in header}, len(header)

    return max(DELIMITERS, key=fits)


def _rows(file: io.TextIOBase, delimiter: str) -> Iterator[Row]:
    """Rows that are not blank, all with as many columns as the first."""
    reader = csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=True)
    width, line = 0, 1
    try:
        for row in reader:
            if not _is_blank(row):
                width = width or len(row)
                if len(row) != width:
                    raise CsvError(f"line {line} has {len(row)} columns, the header {width}")
                yield row
            line = reader.line_num + 1
    except csv.Error as error:
        is_quote = "expected after" in str(error) or "unexpected end" in str(error)
        why = "a quotation mark is not closed or not doubled, or something follows it" if is_quote else str(error)
        raise CsvError(f"line {line}: {why}") from error


def _is_blank(row: Row) -> bool:
    return len(row) < 2 and not "".join(row).strip()
