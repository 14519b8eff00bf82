"""The same review again: duplicate, correction, or a file that was read before."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse
from tests.ingest.samples import MILLISECONDS, counts, ingest, rejected, review, write

CONTENT = "select rating, title, text, file, line_number, batch_id from raw.reviews"


def test_an_unchanged_file_is_skipped_and_its_counts_are_told_again(tmp_path: Path, warehouse: Warehouse) -> None:
    path = write(tmp_path / "a.jsonl.gz", [review(), b"x", review()])
    first = ingest(warehouse, path)
    again = ingest(warehouse, path, batch_id="b2")
    assert not first.skipped
    assert again == first._replace(skipped=True)
    assert warehouse.rows("select count(*), min(batch_id) from raw.ingested_files") == [(1, "b1")]


def test_the_same_file_serves_another_category(tmp_path: Path, warehouse: Warehouse) -> None:
    path = write(tmp_path / "a.jsonl", [review()])
    ingest(warehouse, path)
    assert counts(ingest(warehouse, path, category="D")) == (1, 1, 0, 0, 0)
    assert warehouse.rows("select category from raw.reviews order by all") == [("C",), ("D",)]


LEDGER = "select category, n_read, n_rejected from raw.ingested_files order by all"


def test_a_file_for_two_categories_is_skipped_in_both(tmp_path: Path, warehouse: Warehouse) -> None:
    path = write(tmp_path / "a.jsonl", [review(), b"x"])
    assert [ingest(warehouse, path, category=name).skipped for name in "CDCD"] == [False, False, True, True]
    assert warehouse.rows(LEDGER) == [("C", 2, 1), ("D", 2, 1)]
    assert rejected(warehouse) == [(2, "not valid JSON")]
    write(path, [review(), b"x", b"y"])
    assert [ingest(warehouse, path, category=name).skipped for name in "CDCD"] == [False, False, True, True]
    assert warehouse.rows(LEDGER) == [("C", 3, 2), ("D", 3, 2)]


def test_of_an_earlier_version_nothing_stays_in_the_ledger(tmp_path: Path, warehouse: Warehouse) -> None:
    path = write(tmp_path / "a.jsonl", [review(), b"x"])
    for category in "CD":
        ingest(warehouse, path, category=category)
    ingest(warehouse, write(path, [review("u2"), b"x", b"y"]), category="D")
    assert warehouse.rows(LEDGER) == [("D", 3, 2)]
    assert rejected(warehouse) == [(2, "not valid JSON"), (3, "not valid JSON")]


def test_the_same_lines_in_one_file_are_duplicates(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = [review(), review(), review(time=MILLISECONDS + 1), review(item="i2"), review(user="u2"), review()]
    assert counts(ingest(warehouse, write(tmp_path / "a.jsonl", lines))) == (6, 4, 0, 2, 0)
    assert warehouse.rows("select count(*), min(line_number) from raw.reviews") == [(4, 1)]


@pytest.mark.parametrize("change", [{"rating": 1}, {"title": "new"}, {"text": "new"}, {"text": None}, {"title": ""}])
@pytest.mark.parametrize("same_file", [True, False])
def test_a_change_under_a_known_key_is_a_correction(
    tmp_path: Path, warehouse: Warehouse, change: dict[str, object], same_file: bool
) -> None:
    old, new = review(), review(**change)
    path = tmp_path / "a.jsonl"
    if same_file:
        assert counts(ingest(warehouse, write(path, [old, new, new]))) == (3, 2, 0, 1, 1)
        batch, number = "b1", 2
    else:
        ingest(warehouse, write(path, [old]))
        assert counts(ingest(warehouse, write(path, [b"", new, new]), batch_id="b2")) == (2, 1, 0, 1, 1)
        batch, number = "b2", 2
    expected = {"rating": 5.0, "title": "t", "text": "x"} | change
    assert warehouse.rows(CONTENT) == [(*expected.values(), str(path), number, batch)]


@pytest.mark.parametrize("field", ["title", "text"])
def test_no_text_is_not_an_empty_text(tmp_path: Path, warehouse: Warehouse, field: str) -> None:
    ingest(warehouse, write(tmp_path / "a.jsonl", [review(**{field: None})]))
    assert counts(ingest(warehouse, write(tmp_path / "b.jsonl", [review(**{field: ""})]))) == (1, 1, 0, 0, 1)
    assert warehouse.rows(f"select {field} from raw.reviews") == [("",)]


def test_the_last_of_several_corrections_stands(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = [review(rating=rating) for rating in (1, 2, 2, 3, 1)]
    assert counts(ingest(warehouse, write(tmp_path / "a.jsonl", lines))) == (5, 4, 0, 1, 3)
    assert warehouse.rows("select rating, line_number from raw.reviews") == [(1.0, 5)]


def test_the_same_content_under_another_path_is_all_duplicates(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = [review(rating=rating) for rating in (1, 2, 3)] + [review("u2")]
    ingest(warehouse, write(tmp_path / "a.jsonl", lines))
    before = warehouse.rows(CONTENT)
    assert counts(ingest(warehouse, write(tmp_path / "b.jsonl.gz", lines), batch_id="b2")) == (4, 0, 0, 4, 0)
    assert warehouse.rows(CONTENT) == before
    assert warehouse.rows("select count(*) from raw.ingested_files") == [(2,)]


def test_a_grown_file_adds_only_what_is_new(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = [review(rating=1), review(rating=2), review("u2")]
    path = write(tmp_path / "a.jsonl", lines)
    ingest(warehouse, path)
    grown = ingest(warehouse, write(path, [*lines, review("u3"), review(rating=4)]), batch_id="b2")
    assert counts(grown) == (5, 2, 0, 3, 1)
    rows = warehouse.rows("select user_id, rating, batch_id from raw.reviews order by all")
    assert rows == [("u1", 4.0, "b2"), ("u2", 5.0, "b1"), ("u3", 5.0, "b2")]
    assert warehouse.rows("select n_read, n_accepted, batch_id from raw.ingested_files") == [(5, 2, "b2")]


def test_the_batch_of_every_row_is_on_record(tmp_path: Path, warehouse: Warehouse) -> None:
    path = tmp_path / "a.jsonl"
    ingest(warehouse, write(path, [review("u1"), review("u2")]), batch_id="b1")
    ingest(warehouse, write(path, [review("u1"), review("u2"), review("u3")]), batch_id="b2")
    ingest(warehouse, write(path, [review("u1"), review("u2", rating=1), review("u3")]), batch_id="b3")
    traced = """
        select user_id, batch_id, n_read, n_accepted
        from raw.reviews
        inner join (from raw.ingested_files union all by name from raw.earlier_readings) as readings using (category, batch_id)
        where file = path
        order by user_id
    """
    assert warehouse.rows(traced) == [("u1", "b1", 2, 2), ("u2", "b3", 3, 1), ("u3", "b2", 3, 1)]


def test_a_shrunk_file_takes_nothing_away(tmp_path: Path, warehouse: Warehouse) -> None:
    path = write(tmp_path / "a.jsonl", [review("u1"), review("u2")])
    ingest(warehouse, path)
    assert counts(ingest(warehouse, write(path, [review("u1")]))) == (1, 0, 0, 1, 0)
    assert warehouse.rows("select count(*) from raw.reviews") == [(2,)]


def test_strings_are_kept_as_they_are_but_for_nul_and_length(tmp_path: Path, warehouse: Warehouse) -> None:
    sql = "'; drop table raw.reviews; --"
    lines = [
        review(sql, 'say "hi", $1 ? %s', title="a\0b\n\t\\", text="\U0001f600" * 100_001),
        review(17, "  padded ", title=3, text=["list"]),
        review("none", title=None, text=None),
    ]
    ingest(warehouse, write(tmp_path / "a.jsonl", lines))
    assert warehouse.rows("select user_id, item_id, title, text from raw.reviews order by line_number") == [
        (sql, 'say "hi", $1 ? %s', "ab\n\t\\", "\U0001f600" * 100_000),
        ("17", "padded", "3", '["list"]'),
        ("none", "i1", None, None),
    ]


def test_category_batch_and_path_are_data(tmp_path: Path, warehouse: Warehouse) -> None:
    odd = "x'; drop table raw.reviews; --$path"
    path = write(tmp_path / "it's.jsonl", [review()])
    ingest(warehouse, path, category=odd, batch_id=odd)
    assert warehouse.rows("select category, batch_id, file from raw.reviews") == [(odd, odd, str(path))]


def test_the_2018_layout_reads_its_own_keys(tmp_path: Path, warehouse: Warehouse) -> None:
    line = (
        b'{"overall": 2.0, "reviewerID": "A1", "asin": "B1", "unixReviewTime": 1529193600, '
        b'"summary": "s", "reviewText": "r", "rating": 5, "user_id": "no", "parent_asin": "no"}'
    )
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(line))
    assert ingest(warehouse, path, format="amazon_2018").format == "amazon_2018"
    rows = warehouse.rows("select user_id, item_id, rating, title, text, reviewed_at::varchar from raw.reviews")
    assert rows == [("A1", "B1", 2.0, "s", "r", "2018-06-17 00:00:00")]
