"""Files are read as they are: nothing is guessed, and what cannot be read is said in one sentence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from python_assets.imports import ImportFileError
from python_assets.imports.csv_files import DELIMITERS
from python_assets.imports.files import read_texts

ROWS = [("0007", "2024-01-02"), ("true", 'says "no", often;\n'), ("1e3", "élan ☕")]
READ = [("0007", "2024-01-02", None, 1), ("true", 'says "no", often;', None, 2), ("1e3", "élan ☕", None, 3)]


def write(path: Path, text: str) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def as_csv() -> str:
    quoted = [",".join('"' + value.replace('"', '""') + '"' for value in row) for row in ROWS]
    return "\n".join(["persona_id,persona_text", *quoted]) + "\n"


def as_lines() -> str:
    table = pa.table({"persona_id": [row[0] for row in ROWS], "persona_text": [row[1] for row in ROWS]})
    return "".join(json.dumps(row) + "\n" for row in table.to_pylist())


def read(path: Path) -> list[tuple[object, ...]]:
    table = read_texts(path, required=["persona_id", "persona_text"], optional=["seed_user_id"])
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz", "p.jsonl", "p.ndjson", "p.jsonl.gz", "P.CSV"])
def test_texts_stay_as_they_are(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path / name, as_csv() if "csv" in name.lower() else as_lines())) == READ


@pytest.mark.parametrize(
    "name", ["p[1].csv", "p*.csv", "p?.csv", "p[1].jsonl", "p*.parquet", "f[1]/persona_id=9/p.csv"]
)
def test_a_name_with_signs_of_a_pattern_stands_for_its_file_only(tmp_path: Path, name: str) -> None:
    other = {"persona_id": ["other"], "persona_text": ["x"]}
    for kind in ("csv", "jsonl"):
        write(tmp_path / f"p1.{kind}", "persona_id,persona_text\nother,x\n" if kind == "csv" else json.dumps(other))
    pq.write_table(pa.table(other), tmp_path / "p1.parquet")
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"persona_id": ["own"], "persona_text": ["x"]}), path)
    else:
        own = '{"persona_id": "own", "persona_text": "x"}\n'
        write(path, "persona_id,persona_text\nown,x\n" if path.suffix == ".csv" else own)
    assert read(path) == [("own", "x", None, 1)]


@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz", "p.jsonl", "p.jsonl.gz"])
def test_a_byte_order_mark_is_passed_over(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path / name, "\ufeff" + (as_csv() if "csv" in name else as_lines()))) == READ


def test_parquet_of_any_type(tmp_path: Path) -> None:
    pq.write_table(pa.table({"persona_id": [7, 8], "persona_text": ["a", ""], "more": [1, 2]}), tmp_path / "p.parquet")
    assert read(tmp_path / "p.parquet") == [("7", "a", None, 1), ("8", None, None, 2)]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("p.xlsx", "", "none of the kinds that are read: give .csv, .jsonl or .parquet"),
        ("p.csv", "", "holds no rows"),
        ("p.csv", "persona_id,persona_text\n", "holds no rows"),
        ("p.jsonl", "", "holds no rows"),
        ("p.csv", "persona,persona_text\na,b\n", "has no column persona_id: it needs persona_id, persona_text"),
        ("p.csv", "persona_id;more\na;b\n", "it needs persona_id, persona_text, and has more, persona_id."),
        ("p.jsonl", '{"persona_id": "a"}\n', "has no column persona_text"),
        ("p.jsonl", '{"persona_id": "a"\n', "cannot be read"),
        ("p.parquet", "no parquet", "cannot be read"),
        ("p.csv.gz", "", "cannot be read"),
        ("p.jsonl.gz", "", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = write(tmp_path / name, text)
    if name.endswith(".gz"):
        path.write_bytes(b"no gzip")
    with pytest.raises(ImportFileError) as error:
        read(path)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


GOOD_LINE = b'{"persona_id": "a", "persona_text": "b"}\n'


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (b"[" + GOOD_LINE.strip() + b"]\n", 1),
        (b"[\n" + GOOD_LINE + b"]\n", 1),
        (GOOD_LINE + b"\n[1]\n" + GOOD_LINE, 3),
        (GOOD_LINE + b'{"persona_id": \n' + GOOD_LINE, 2),
        (b'{"persona_id": "\\ud800"}\n' + GOOD_LINE, 1),
        (2 * GOOD_LINE + b'{"persona_id": "\xe9"}\n', 3),
    ],
    ids=["a list in a line", "a list over lines", "a list among them", "broken", "surrogate", "latin-1"],
)
def test_a_line_that_is_no_object_is_named(tmp_path: Path, lines: bytes, number: int) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(lines)
    with pytest.raises(
        ImportFileError, match=rf"\(line {number} is not a JSON object in UTF-8\): write one object a line"
    ):
        read(path)


def test_a_damaged_gzip_of_good_lines_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(b'{"persona_id": "%d"}\n' % number for number in range(9_999)))[:-2_000])
    with pytest.raises(ImportFileError, match="cannot be read"):
        read(path)


PLAIN = "".join(f"p{number},plain {number}\n" for number in range(25_000))


def test_quotation_marks_are_taken_off_wherever_they_begin(tmp_path: Path) -> None:
    late = '"q1","says ""no"", often"\n"q2","two\nlines"\n'
    rows = read(write(tmp_path / "p.csv", f"persona_id,persona_text\n{PLAIN}{late}"))
    assert len(rows) == 25_002
    assert rows[-2:] == [("q1", 'says "no", often', None, 25_001), ("q2", "two\nlines", None, 25_002)]
    plain = "".join(f'"p{number}","x"\n' for number in range(3))
    assert read(write(tmp_path / "p.csv", f"persona_id,persona_text\n{PLAIN}{plain}"))[-1][:2] == ("p2", "x")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("a,b,\n" * 100 + "persona_id,persona_text,x,y\n" + "c,d,,\n" * 100, "line 102 has 4 columns, the header 3"),
        ("a,b,\nc,one, two,\nd,e,\n", "line 3 has 4 columns, the header 3"),
        ("a,b\nc,d,\n", "line 2 has 2 columns, the header 3"),
        ('a,"two\nlines",\n\nc,d\n', "line 5 has 2 columns, the header 3"),
        ('a,"b"b,\n', "line 2: a quotation mark is not closed or not doubled"),
        ('a,b,\nc,"d,\ne,f,\n', "line 3: a quotation mark is not closed or not doubled"),
        (PLAIN.replace("\n", ",\n") + "a\n", "line 25002 has 1 columns, the header 3"),
    ],
)
def test_a_row_that_is_not_like_the_header_is_refused_by_its_line(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"persona_id,persona_text,seed_user_id\n{lines}", encoding="utf-8", newline="")
    with pytest.raises(ImportFileError, match=words) as error:
        read(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_says_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    others = DELIMITERS.replace(delimiter, "")
    header, row = (
        delimiter.join(['"persona_text"', f'"{others}"', '"persona_id"']),
        delimiter.join(["x", f'"{others}"', "0007"]),
    )
    assert read(write(tmp_path / "p.csv", f"\ufeff{header}\n{row}\n")) == [("0007", "x", None, 1)]


def test_what_stands_in_a_csv_but_is_no_row(tmp_path: Path) -> None:
    text = "\r\n\npersona_id, persona_text\r\n\r\n#1, # no comment\n  \r\n"
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8", newline="")
    assert read(path) == [("#1", "# no comment", None, 1)]


def test_a_row_of_empty_cells_is_a_row(tmp_path: Path) -> None:
    assert read(write(tmp_path / "p.csv", "persona_id,persona_text\na,b\n,\n")) == [
        ("a", "b", None, 1),
        (None, None, None, 2),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_in_a_text_stay_and_those_around_it_go(tmp_path: Path, end: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f'persona_id,persona_text\r\na,"{end}one{end}two {end}"\r\n', encoding="utf-8", newline="")
    assert read(path) == [("a", f"one{end}two", None, 1)]


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl", "p.parquet"])
def test_ids_are_cleaned_as_the_ingest_cleans_those_of_reviews(tmp_path: Path, name: str) -> None:
    cells = {"persona_id": "\u00a0a\x00b\u3000", "persona_text": "\x1d x\u00a0y\u2003", "seed_user_id": "\u00a0\x00"}
    path = tmp_path / name
    if name == "p.parquet":
        pq.write_table(pa.table({key: [value] for key, value in cells.items()}), path)
    else:
        write(path, json.dumps(cells) if name == "p.jsonl" else f"{','.join(cells)}\n{','.join(cells.values())}\n")
    assert read(path) == [("ab", "x\u00a0y", None, 1)]


NO_TEXT = {
    "a list": ('["a"]', pa.array([["a"]]), r"\(VARCHAR\[\]\)"),
    "an object": ('{"b": 1}', pa.array([{"b": 1}]), r"\(STRUCT\(b BIGINT\)\)"),
    "a truth value": ("true", pa.array([True]), r"\(BOOLEAN\)"),
    "bytes": (None, pa.array(["é".encode()], pa.binary()), r"\(BLOB\)"),
}


@pytest.mark.parametrize("column", ["persona_id", "persona_text", "seed_user_id"])
@pytest.mark.parametrize("value", NO_TEXT)
def test_what_is_neither_text_nor_number_is_refused(tmp_path: Path, value: str, column: str) -> None:
    as_json, array, type_name = NO_TEXT[value]
    names = ("persona_id", "persona_text", "seed_user_id")
    pq.write_table(pa.table({name: array if name == column else ["x"] for name in names}), tmp_path / "p.parquet")
    with pytest.raises(ImportFileError, match=rf"The column {column} of .* has no texts or numbers {type_name}"):
        read(tmp_path / "p.parquet")
    if as_json:
        cells = ", ".join(f'"{name}": {as_json if name == column else 1}' for name in names)
        path = write(tmp_path / "p.jsonl", f"{GOOD_LINE.decode()}\n{{{cells}}}\n")
        with pytest.raises(ImportFileError, match=rf"Row 2 of .* has no text or number as {column}: give one text or"):
            read(path)


def test_two_values_under_one_name_are_refused(tmp_path: Path) -> None:
    names = ["persona_id", "persona_text", "seed_user_id", "seed_user_id"]
    pq.write_table(pa.table([["a"], ["b"], ["c"], ["d"]], names=names), tmp_path / "p.parquet")
    with pytest.raises(ImportFileError, match="it has two columns seed_user_id"):
        read(tmp_path / "p.parquet")
    twice = '{"persona_id": "a", "x": 1, "persona_text": "b", "x": 2, "persona_id": "c"}\n'
    with pytest.raises(ImportFileError, match=r"Row 2 of .* has persona_id twice: give one text or one number"):
        read(write(tmp_path / "p.jsonl", GOOD_LINE.decode() + twice))
    with pytest.raises(ImportFileError, match="it has two columns persona_text"):
        read(write(tmp_path / "p.csv", "persona_id,persona_text,persona_text\na,b,c\n"))


def test_a_csv_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(b"persona_id,persona_text\na,b\n" + "\xe9,x\n".encode("latin-1"))
    with pytest.raises(ImportFileError, match="not UTF-8"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz", "p.jsonl"])
def test_what_office_programs_call_unicode_is_named(tmp_path: Path, name: str, encoding: str) -> None:
    data = (GOOD_LINE.decode() if name == "p.jsonl" else "persona_id,persona_text\na,b\n").encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(ImportFileError, match=r" is UTF-16 or UTF-32: save it as UTF-8\.$"):
        read(tmp_path / name)


def test_a_wrong_path(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"There is no file .*: check the path"):
        read(tmp_path / "none.csv")
