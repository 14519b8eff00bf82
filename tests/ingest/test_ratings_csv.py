"""Rating-only CSV files."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse
from tests.ingest.samples import counts, ingest, rejected, review, write

HEADER = b"user_id,parent_asin,rating,timestamp"
ROWS = "select user_id, item_id, rating, title, text, line_number from raw.reviews order by line_number"
COLUMNS = "not the columns user_id,parent_asin,rating,timestamp"


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
@pytest.mark.parametrize("end", [b"", b"\r"])
def test_rows_and_reasons(tmp_path: Path, warehouse: Warehouse, suffix: str, end: bytes) -> None:
    lines = [
        b"",
        HEADER,
        b"u1,i1,5.0,1500000000000",
        b"",
        b'"u,2", "say ""hi""" ,4,1500000000',
        b"u1,i1,5.0",
        b"u1,i1,6,1500000000000",
        b",i1,5,1500000000000",
        b"u1,,5,1500000000000",
        b"u1,i1,,1500000000000",
        b"u1,i1,five,1500000000000",
        b"u1,i1,nan,1500000000000",
        b"u1,i1,5,",
        b"u1,i1,5,yesterday",
        b"u1,i1,5,1",
        b"u\xff,i1,5,1500000000000",
        b"'; drop table raw.reviews; --,i\"3,1,1500000000000,u1 u2 u3,more",
        b"u1,i1,5,1500000000000",
        HEADER,
    ]
    path = write(tmp_path / f"a{suffix}", [line + end for line in lines])
    assert counts(ingest(warehouse, path)) == (16, 3, 12, 1, 0)
    assert warehouse.rows(ROWS) == [
        ("u1", "i1", 5.0, None, None, 3),
        ("u,2", 'say "hi"', 4.0, None, None, 5),
        ("'; drop table raw.reviews; --", 'i"3', 1.0, None, None, 17),
    ]
    assert rejected(warehouse) == [
        (6, COLUMNS),
        (7, "rating is outside 1 to 5"),
        (8, "user id is missing, empty or not text"),
        (9, "item id is missing, empty or not text"),
        (10, "rating is missing"),
        (11, "rating is not a number"),
        (12, "rating is not a number"),
        (13, "timestamp is missing"),
        (14, "timestamp is not a number"),
        (15, "timestamp is not between the years 1995 and 2100"),
        (16, "not valid UTF-8"),
        (19, "rating is not a number"),
    ]


def test_ratings_neither_compare_nor_change_texts(tmp_path: Path, warehouse: Warehouse) -> None:
    ingest(warehouse, write(tmp_path / "a.jsonl", [review("u1"), review("u2", rating=2)]))
    same, other = b"u1,i1,5.0,1500000000000", b"u2,i1,3,1500000000000"
    assert counts(ingest(warehouse, write(tmp_path / "a.csv", [HEADER, same, other]))) == (2, 1, 0, 1, 1)
    assert warehouse.rows("select user_id, rating, title, text from raw.reviews order by all") == [
        ("u1", 5.0, "t", "x"),
        ("u2", 3.0, "t", "x"),
    ]


def test_reviews_bring_their_texts_to_ratings(tmp_path: Path, warehouse: Warehouse) -> None:
    ingest(warehouse, write(tmp_path / "a.csv", [HEADER, b"u1,i1,5.0,1500000000000"]))
    assert counts(ingest(warehouse, write(tmp_path / "a.jsonl", [review("u1")]))) == (1, 1, 0, 0, 1)
    assert warehouse.rows("select title, text from raw.reviews") == [("t", "x")]


def test_a_line_break_between_quotation_marks_makes_nobody_a_user(tmp_path: Path, warehouse: Warehouse) -> None:
    rest = b",i1,5,1500000000000"
    lines = [HEADER, b'"u', b'1"' + rest, b'"u', b'1" ' + rest, b'u2,"i', b'1",5,1500000000000', b'"u3"' + rest]
    assert counts(ingest(warehouse, write(tmp_path / "a.csv", lines))) == (7, 1, 6, 0, 0)
    assert [user for user, *_ in warehouse.rows(ROWS)] == ["u3"]
    assert {reason for _, reason in rejected(warehouse)} == {"a quotation mark that is not closed on its line"}
