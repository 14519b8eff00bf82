"""Answers of `sql` as files of any size, read from a sealed warehouse."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagster_defs.cli import main
from dagster_defs.cli.sql import write_answer
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from tests.graph.conftest import COMMAND

TYPES = """
    select 1 as number, null::int as nothing, true as truth, [1, 2] as list, {'a': 'b'} as struct, date '2020-02-01' as day,
    timestamp '2020-02-01 01:02:03' as moment, 0.25::double as share, 'a, "b"' as words
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "it's.duckdb", wait_seconds=0)
    warehouse.prepare()
    return warehouse


def _ask(warehouse: Warehouse, query: str, format_: str) -> Result:
    return CliRunner().invoke(main, ["sql", query, "--format", format_, "--warehouse", warehouse.address])


def test_json_keeps_types(warehouse: Warehouse) -> None:
    assert json.loads(_ask(warehouse, TYPES, "json").output) == [
        {
            "number": 1,
            "nothing": None,
            "truth": True,
            "list": [1, 2],
            "struct": {"a": "b"},
            "day": "2020-02-01",
            "moment": "2020-02-01 01:02:03",
            "share": 0.25,
            "words": 'a, "b"',
        }
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_an_answer_without_room_names_the_folder_and_not_the_query(warehouse: Warehouse) -> None:
    with pytest.raises(
        WarehouseError, match=r"^The answer cannot be put aside in / \(.*\): make room there, or set TMPDIR"
    ):
        write_answer(warehouse, "from range(100000)", Path("/dev/full"), "csv")


def test_numbers_that_json_does_not_know_are_null(warehouse: Warehouse) -> None:
    query = r"""
        select 'nan'::double as a, ['-inf'::float, 1] as b, {'x': 'inf'::double, 'y': 'NaN'} as c,
        'a "NaN" \, -Infinity' as d, '\' as e, 'nan'::double as f
    """

    def unknown(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    rows = json.loads(_ask(warehouse, query, "json").output, parse_constant=unknown)
    texts = {"d": 'a "NaN" \\, -Infinity', "e": "\\"}
    assert rows == [{"a": None, "b": [None, 1.0], "c": {"x": None, "y": "NaN"}, **texts, "f": None}]


def test_a_table_that_no_terminal_shows_is_not_cut(warehouse: Warehouse) -> None:
    columns = ", ".join(f"'{letter * 200}' as column_{letter}" for letter in "abcdefgh")
    output = _ask(warehouse, f"select {columns}", "table").output
    assert "…" not in output
    assert all(letter * 200 in output for letter in "abcdefgh")


def test_csv_quotes_what_holds_commas(warehouse: Warehouse) -> None:
    names, row = csv.reader(_ask(warehouse, TYPES, "csv").output.splitlines())
    assert dict(zip(names, row, strict=True))["words"] == 'a, "b"'
    assert row[:4] == ["1", "", "true", "[1, 2]"]


@pytest.mark.parametrize(
    "query",
    [
        "describe raw.study",
        "pragma table_info('raw.study')",
        "explain select 1",
        "values (1)",
        "pivot (select unnest(['a', 'b']) as k, 1 as v) on k using sum(v)",
    ],
)
@pytest.mark.parametrize("format_", ["csv", "json"])
def test_whatever_gives_rows_can_be_asked(warehouse: Warehouse, query: str, format_: str) -> None:
    done = _ask(warehouse, query, format_)
    assert done.exit_code == 0
    assert done.output.strip()


@pytest.mark.parametrize("comment", ["-- the only one\n", "--the only one\n"])
def test_a_query_may_begin_with_a_comment(warehouse: Warehouse, comment: str) -> None:
    assert _ask(warehouse, f"{comment}select 1 as n; -- no more\n", "csv").output == "n\n1\n"
    misspelt = CliRunner().invoke(main, ["sql", "select 1", "--fromat", "csv"])
    assert (misspelt.exit_code, "--format" in misspelt.output) == (2, True)


def test_of_two_queries_none_is_left_out_without_a_word(warehouse: Warehouse) -> None:
    asked = _ask(warehouse, "select 1 as n; select 2 as n", "csv")
    assert (asked.exit_code, asked.output) == (
        1,
        "Error: These are several queries, and each has an answer of its own: ask one at a time.\n",
    )


@pytest.mark.parametrize("query", ["show tables", " SHOW  TABLES; "])
def test_show_tables_names_those_of_every_schema(warehouse: Warehouse, query: str) -> None:
    warehouse.write(lambda connection: connection.execute("create view ml.everyone as from ml.personas"))
    names = [row["name"] for row in json.loads(_ask(warehouse, query, "json").output)]
    assert {"raw.study", "ml.personas", "ml.everyone"} <= set(names)
    assert names == sorted(names)


def test_no_rows_are_an_empty_list(warehouse: Warehouse) -> None:
    empty = _ask(warehouse, "from raw.study", "json").output
    assert json.loads(empty) == []
    assert empty.endswith("]\n")
    assert _ask(warehouse, "select 1 as one where false", "csv").output == "one\n"


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from read_text('/etc/hostname')", "file system operations are disabled"),
        ("copy (select 1) to '/tmp/never.csv'", "`sql` reads only"),
        ("select 1; drop table raw.study", "`sql` reads only"),
        ("explain (analyze) select 1", "`sql` reads only"),
        ("from query('select ' || '1')", "`sql` reads only"),
        ("create table raw.mine as select 1", "`sql` reads only"),
        ("call ducklake_merge_adjacent_files('lake')", "`sql` reads only"),
        ("from postgres_query('lake', 'select 1')", "`sql` reads only"),
    ],
)
def test_no_other_file_is_read_and_nothing_written(warehouse: Warehouse, query: str, words: str, format_: str) -> None:
    done = _ask(warehouse, query, format_)
    assert done.exit_code == 1
    assert words in done.output


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_memory_does_not_grow_with_the_answer(warehouse: Warehouse, tmp_path: Path, format_: str) -> None:
    def peak(rows: int) -> int:
        query = f"select range as number, range::varchar as words from range({rows})"
        arguments = [COMMAND, "sql", query, "--format", format_, "--warehouse", warehouse.address]
        with (tmp_path / "answer").open("w") as out:
            process = subprocess.Popen(arguments, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        return usage.ru_maxrss

    # In Python's objects three million rows are half a gigabyte and more.
    assert peak(3_000_000) - peak(1) < 150_000


def test_a_reader_that_takes_its_time_keeps_no_writer_waiting(warehouse: Warehouse) -> None:
    arguments = [COMMAND, "sql", "from range(200000)", "--format", "csv", "--warehouse", warehouse.address]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "range\n"
        assert process.poll() is None
        warehouse.write(lambda connection: connection.execute("create table raw.written (i int)"))
        assert len(process.stdout.read().splitlines()) == 200_000
