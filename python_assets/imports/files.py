"""A CSV, JSON lines or Parquet file as a table of texts, whatever types its columns have."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from python_assets.imports.csv_files import CsvError, opened, read_csv
from python_assets.ingest.files import is_wide
from python_assets.ingest.macros import WHITE_SPACE
from python_assets.warehouse.file_errors import first_line
from python_assets.warehouse.file_names import no_glob
from python_assets.warehouse.memory import bound_memory

# Nothing is guessed: a persona `0007` stays `0007`, and a text that looks like a date stays a text.
READERS = {
    ".jsonl": "select json from read_json_objects(?, format = 'newline_delimited', hive_partitioning = false)",
    ".parquet": "select * from read_parquet(?, hive_partitioning = false)",
}
# As the ingest cleans the ids that these have to meet.
CLEAN = "nullif(trim(replace({}, chr(0), ''), $blanks), '')"
# Of JSON lines: a list, an object or a truth value under a key, or two values.
NO_TEXT = "json_type(json, '$.{}') in ('ARRAY', 'OBJECT', 'BOOLEAN')"
TWICE = "len(list_filter(json_keys(json), lambda name: name = '{}')) > 1"
FIRST_ROW = "min(row_number) filter (where {})"
NO_TEXT_TYPES = ("BLOB", "BOOLEAN", "STRUCT", "MAP", "UNION", "VARIANT")
MAX_SHOWN = 60
ALSO = {".ndjson": ".jsonl"}


class ImportFileError(Exception):
    """A file cannot be imported; the message is one sentence that says what to do, and nothing was changed."""


def read_texts(path: Path, *, required: Sequence[str], optional: Sequence[str]) -> pa.Table:
    """Some columns of a file, as texts without NUL and without white space around them, in the order of the file.

    Args:
        path: ``.csv`` and ``.jsonl`` may be gzipped (``.gz``).
        required: Columns that the file must have.
        optional: Columns that are NULL where the file has none; others are not read.

    Returns:
        The columns and ``row_number``, from 1; an empty text is NULL.

    Raises:
        ImportFileError: No such file, not a kind that is read, broken, empty, or without a column it needs.
    """
    if not path.is_file():
        raise ImportFileError(f"There is no file {path}: check the path.")
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    kind = ALSO.get(suffix.lower(), suffix.lower())
    if kind not in (".csv", *READERS):
        raise ImportFileError(f"{path} is none of the kinds that are read: give .csv, .jsonl or .parquet.")
    if kind != ".parquet" and _is_wide(path):
        raise ImportFileError(f"{path} is UTF-16 or UTF-32: save it as UTF-8.")
    with bound_memory(duckdb.connect(), Path(tempfile.gettempdir()) / "import") as connection:
        try:
            present = _load(connection, path, kind, required, optional)
            rows = connection.execute("select count(*) from file").fetchone()
            if not rows or not rows[0]:
                raise ImportFileError(f"{path} holds no rows: nothing to import.")
            _require(path, present, required)
            _require_texts(connection, path, kind, [name for name in (*required, *optional) if name in present])
            columns = [_text(name, kind, name in present) for name in (*required, *optional)]
            return connection.execute(
                f"select {', '.join(columns)}, row_number() over () as row_number from file", {"blanks": WHITE_SPACE}
            ).to_arrow_table()
        except CsvError as error:
            raise ImportFileError(f"{path} cannot be read ({error}): mend the file.") from error
        except duckdb.Error as error:
            if kind == ".jsonl":
                _require_objects(path)
            raise ImportFileError(f"{path} cannot be read ({first_line(error).rstrip('.')}): mend the file.") from error


def _is_wide(path: Path) -> bool:
    # A damaged file is told by who reads it.
    with suppress(OSError, EOFError, zlib.error), opened(path) as file:
        return is_wide(file.read(4))
    return False


def _load(
    connection: duckdb.DuckDBPyConnection, path: Path, kind: str, required: Sequence[str], optional: Sequence[str]
) -> set[str]:
    """Make the temporary table ``file``, and say which columns there are."""
    if kind == ".csv":
        names, table = read_csv(path, required=required, optional=optional)
        if not names:
            raise ImportFileError(f"{path} holds no rows: nothing to import.")
        _require(path, set(names), required)
        connection.register("read", table)
        connection.execute("create temp table file as from read")
        return set(names)
    with _without_mark(path, kind) as readable:
        connection.execute(f"create temp table file as {READERS[kind]}", [no_glob(readable)])
    if (
        kind == ".jsonl"
        and connection.execute("select 1 from file where json_type(json) <> 'OBJECT' limit 1").fetchone()
    ):
        _require_objects(path)
    columns = "select distinct unnest(json_keys(json)) from file" if kind == ".jsonl" else "describe file"
    return {name for name, *_ in connection.execute(columns).fetchall()}


@contextmanager
def _without_mark(path: Path, kind: str) -> Iterator[Path]:
    """The file, or a copy without its byte order mark, which DuckDB's JSON reader does not take."""
    if kind != ".jsonl":
        yield path
        return
    try:
        with opened(path) as file:
            if file.read(len(BOM_UTF8)) == BOM_UTF8:
                with tempfile.TemporaryDirectory(prefix="persona-fidelity-") as folder:
                    copy = Path(folder) / "lines.jsonl"
                    with copy.open("wb") as target:
                        shutil.copyfileobj(file, target)
                    yield copy
                return
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(f"{path} cannot be read ({first_line(error)}): mend the file.") from error
    yield path


def _require_objects(path: Path) -> None:
    """Name the first line that is no JSON object: DuckDB says the number of the next one, and reads a list as a row."""
    # A damaged file is told in DuckDB's words.
    with suppress(OSError, EOFError, zlib.error), opened(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip() and not _is_object(line):
                raise ImportFileError(
                    f"{path} cannot be read (line {number} is not a JSON object in UTF-8): write one object a line."
                )


def _is_object(line: bytes) -> bool:
    try:
        document = json.loads(line.decode("utf-8-sig"))
        # Half a surrogate pair is no text.
        json.dumps(document, ensure_ascii=False).encode()
        return isinstance(document, dict)
    except (ValueError, RecursionError):
        return False


def _require(path: Path, present: set[str], required: Sequence[str]) -> None:
    if missing := [name for name in required if name not in present]:
        has = ", ".join(map(shown, sorted(present)[:10])) or "none"
        raise ImportFileError(f"{path} has no column {missing[0]}: it needs {', '.join(required)}, and has {has}.")


def _require_texts(connection: duckdb.DuckDBPyConnection, path: Path, kind: str, names: Sequence[str]) -> None:
    """Refuse what is neither text nor number, and two values under one name: DuckDB would take the first."""
    if kind == ".jsonl":
        faults = {f"no text or number as {name}": NO_TEXT.format(name) for name in names}
        faults |= {f"{name} twice": TWICE.format(name) for name in names}
        first_rows = ", ".join(map(FIRST_ROW.format, faults.values()))
        rows = "(select json, row_number() over () as row_number from file)"
        found = connection.execute(f"select {first_rows} from {rows}").fetchone() or ()
        for what, row in zip(faults, found, strict=True):
            if row:
                raise ImportFileError(f"Row {row} of {path} has {what}: give one text or one number.")
    if kind == ".parquet":
        in_file = pq.read_schema(path).names
        types = {name: type_name for name, type_name, *_ in connection.execute("describe file").fetchall()}
        for name in names:
            if in_file.count(name) > 1:
                raise ImportFileError(f"{path} cannot be read (it has two columns {name}): mend the file.")
            if types[name].endswith("]") or types[name].startswith(NO_TEXT_TYPES):
                raise ImportFileError(
                    f"The column {name} of {path} has no texts or numbers ({shown(types[name])}): make it text."
                )


def _text(name: str, kind: str, is_present: bool) -> str:
    if not is_present:
        return f"null::varchar as {name}"
    value = f"json ->> '$.{name}'" if kind == ".jsonl" else f"{name}::varchar"
    return f"{CLEAN.format(value)} as {name}"


def shown(value: object) -> str:
    """A value from a file, cut to what a sentence can hold."""
    text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
