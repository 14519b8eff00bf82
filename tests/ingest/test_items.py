"""Item metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from python_assets.ingest import FileReport
from python_assets.warehouse import Warehouse
from tests.ingest.samples import counts, ingest, rejected, write

COLUMNS = "title, description, features, brand, item_categories"


def item(key: Any = "B1", **more: Any) -> bytes:
    """A 2023 item line."""
    return json.dumps({"parent_asin": key, "title": "t"} | more).encode()


def ingest_items(warehouse: Warehouse, path: Path, **more: Any) -> FileReport:
    return ingest(warehouse, path, kind="items", **more)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("t", None, None, None, None)),
        ({"title": None, "description": [], "features": [], "categories": []}, (None, "", "", None, [])),
        ({"description": ["a", "", None, " b "], "features": ["f", "g"]}, ("t", "a\nb", "f\ng", None, None)),
        ({"description": "plain", "categories": "C"}, ("t", "plain", None, None, ["C"])),
        ({"description": {"no": 1}, "features": 3, "categories": True}, ("t", None, None, None, None)),
        ({"details": {"Brand": "B"}, "store": "S"}, ("t", None, None, "B", None)),
        ({"details": {"Brand": " "}, "store": " S "}, ("t", None, None, "S", None)),
        ({"details": '{"Brand": "B"}', "store": "S"}, ("t", None, None, "B", None)),
        ({"details": "not json", "store": "S"}, ("t", None, None, "S", None)),
        ({"details": None, "store": None}, ("t", None, None, None, None)),
        ({"title": "a\0b", "categories": ["x\0", "y & z"], "store": "\0"}, ("ab", None, None, None, ["x", "y & z"])),
        ({"description": ["x" * 60_000, "y" * 60_000]}, ("t", "x" * 60_000 + "\n" + "y" * 39_999, None, None, None)),
    ],
)
def test_the_columns_of_a_2023_item(
    tmp_path: Path, warehouse: Warehouse, more: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    line = item(average_rating=4.9, rating_number=123, **more)
    assert counts(ingest_items(warehouse, write(tmp_path / "a.jsonl", [line]))) == (1, 1, 0, 0, 0)
    assert warehouse.rows(f"select {COLUMNS} from raw.items") == [expected]


def test_the_columns_of_a_2018_item(tmp_path: Path, warehouse: Warehouse) -> None:
    row = {"asin": "B1", "title": "t", "description": ["d"], "feature": ["f"], "brand": "b", "rank": "742 in Magazines"}
    line = json.dumps(row | {"category": ["C", "D"], "categories": ["no"], "features": ["no"]}).encode()
    report = ingest_items(warehouse, write(tmp_path / "a.json.gz", [line]), format="amazon_2018")
    assert report.format == "amazon_2018"
    assert warehouse.rows(f"select item_id, {COLUMNS} from raw.items") == [("B1", "t", "d", "f", "b", ["C", "D"])]


def test_broken_items_are_refused(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = [item(), b"{", b"", b"[]", item(None), item(""), item([1]), b'{"title": "t"}', b"\xff", item("B2")]
    assert counts(ingest_items(warehouse, write(tmp_path / "a.jsonl", lines))) == (9, 2, 7, 0, 0)
    no_id = "item id is missing, empty or not text"
    assert rejected(warehouse) == [
        (2, "not valid JSON"),
        (4, "not a JSON object"),
        *[(number, no_id) for number in (5, 6, 7, 8)],
        (9, "not valid UTF-8"),
    ]
    assert warehouse.rows("select item_id, line_number from raw.items order by all") == [("B1", 1), ("B2", 10)]


def test_the_line_with_the_most_text_stands_and_the_first_of_equals(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = [
        item("B1", title="a"),
        item("B1", title="", description=["ab"]),
        item("B1", title="c", features=["d"]),
        item("B1", store="a long brand is no text"),
        item("B2"),
        item("B2"),
    ]
    assert counts(ingest_items(warehouse, write(tmp_path / "a.jsonl", lines))) == (6, 2, 0, 4, 0)
    assert warehouse.rows("select item_id, line_number from raw.items order by all") == [("B1", 2), ("B2", 5)]


def test_a_later_file_corrects_and_a_repeated_one_does_not(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = [item("B1", title="longer"), item("B1"), item("B2", categories=["x"])]
    path = write(tmp_path / "a.jsonl", lines)
    assert counts(ingest_items(warehouse, path)) == (3, 2, 0, 1, 0)
    assert counts(ingest_items(warehouse, write(tmp_path / "copy.jsonl", lines), batch_id="b2")) == (3, 0, 0, 3, 0)
    changed = [item("B1", title="t"), item("B2", categories=["y"]), item("B2", categories=["x"]), item("B3")]
    assert counts(ingest_items(warehouse, write(path, changed), batch_id="b3")) == (4, 3, 0, 1, 2)
    assert warehouse.rows("select item_id, title, item_categories, batch_id from raw.items order by all") == [
        ("B1", "t", None, "b3"),
        ("B2", "t", ["y"], "b3"),
        ("B3", "t", None, "b3"),
    ]
    assert ingest_items(warehouse, path).skipped


def test_items_of_another_category_stay(tmp_path: Path, warehouse: Warehouse) -> None:
    ingest_items(warehouse, write(tmp_path / "a.jsonl", [item(title="of C")]))
    ingest_items(warehouse, write(tmp_path / "b.jsonl", [item(title="of D")]), category="D")
    assert warehouse.rows("select category, title from raw.items order by all") == [("C", "of C"), ("D", "of D")]


def test_an_id_too_long_to_keep_whole_is_refused(tmp_path: Path, warehouse: Warehouse) -> None:
    report = ingest_items(warehouse, write(tmp_path / "a.jsonl", [item("x" * 100_000), item("x" * 100_001)]))
    assert counts(report) == (2, 1, 1, 0, 0)
    assert rejected(warehouse) == [(2, "item id is longer than 100,000 bytes")]
