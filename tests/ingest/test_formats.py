"""Telling the layouts apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from python_assets.ingest import IngestError, Layout, detect_format
from python_assets.study.files import load_study
from python_assets.warehouse import Warehouse
from tests.ingest.samples import counts, ingest, review, write

REVIEW_2018 = b'{"overall": 5.0, "reviewerID": "A1", "asin": "B1", "unixReviewTime": 1529193600, "reviewText": "x"}'
ITEM_2018 = b'{"category": ["C"], "title": "t", "asin": "B1"}'
ITEM_2023 = b'{"main_category": "C", "title": "t", "average_rating": 4.5, "parent_asin": "B1", "asin": "B2"}'
REVIEW_2023 = review(asin="B2")
HEADER = b"user_id,parent_asin,rating,timestamp"


def test_the_files_and_the_study_of_the_docs_are_read(warehouse: Warehouse, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
    blocks = {kind: re.findall(rf"```{kind}\n(.*?)\n```", page, re.DOTALL) for kind in ("json", "yaml")}
    a_review, an_item = (line.encode() for line in blocks["json"])
    table = write(tmp_path / "reviews.csv", [HEADER, b"ann,tea-8,4,1706745600"])
    files = [
        (write(tmp_path / "reviews.jsonl", [a_review]), "reviews"),
        (write(tmp_path / "items.jsonl", [an_item]), "items"),
    ]
    for path, kind in [*files, (table, "reviews")]:
        assert counts(ingest(warehouse, path, kind=kind)) == (1, 1, 0, 0, 0)
    (tmp_path / "my_study.yml").write_text(blocks["yaml"][0])
    study = load_study(str(tmp_path / "my_study.yml"))
    assert [str(path) for source in study.sources for path in (*source.reviews, *source.items)] == [
        "reviews.jsonl",
        "items.jsonl",
    ]


@pytest.mark.parametrize(
    ("lines", "layout"),
    [
        ([REVIEW_2023], Layout("amazon_2023", "reviews", 0)),
        ([ITEM_2023], Layout("amazon_2023", "items", 0)),
        ([REVIEW_2018], Layout("amazon_2018", "reviews", 0)),
        ([ITEM_2018], Layout("amazon_2018", "items", 0)),
        ([b"", b"", HEADER], Layout("ratings_csv", "reviews", 3)),
        ([b"\xef\xbb\xbf" + HEADER], Layout("ratings_csv", "reviews", 1)),
        ([b"", b"{broken", b"\xff", b"[1]", b"x" * 300_000, REVIEW_2018], Layout("amazon_2018", "reviews", 0)),
        ([b"x"] * 999 + [REVIEW_2023], Layout("amazon_2023", "reviews", 0)),
        ([b"x"] * 1000 + [REVIEW_2023], None),
        ([b"x", HEADER], None),
        ([b'{"name": "x"}'], None),
        ([b"[" * 100_000], None),
    ],
)
@pytest.mark.parametrize("suffix", [".jsonl", ".gz"])
def test_the_first_known_line_tells(tmp_path: Path, lines: list[bytes], layout: Layout | None, suffix: str) -> None:
    assert detect_format(write(tmp_path / f"file{suffix}", lines)) == layout


@pytest.mark.parametrize(
    ("line", "kind", "format", "words"),
    [
        (REVIEW_2023, "reviews", "amazon_2018", "looks like amazon_2023, not amazon_2018"),
        (HEADER, "reviews", "amazon_2023", "looks like ratings_csv, not amazon_2023"),
        (REVIEW_2018, "reviews", "ratings_csv", "looks like amazon_2018, not ratings_csv"),
        (REVIEW_2023, "items", "auto", "looks like reviews, not items: list it under `reviews`"),
        (ITEM_2018, "reviews", "auto", "looks like items, not reviews: list it under `items`"),
        (HEADER, "items", "ratings_csv", "cannot hold items"),
        (b"u1,i1,5,1500000000", "reviews", "ratings_csv", "a CSV with the header user_id,parent_asin"),
        (REVIEW_2023, "reviews", "parquet", "not a file format: use auto, amazon_2023"),
    ],
)
def test_what_the_study_says_is_checked(
    tmp_path: Path, warehouse: Warehouse, line: bytes, kind: str, format: str, words: str
) -> None:
    with pytest.raises(IngestError, match=words):
        ingest(warehouse, write(tmp_path / "file", [line]), kind=kind, format=format)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b'{"parent_asin": "B1", "title": "t", "rating": 4.5}', "items"),
        (b'{"parent_asin": "B1", "title": "t", "timestamp": 1, "overall": 4}', "items"),
        (b'{"asin": "B1", "title": "t", "rating": 4.5, "overall": 4}', "items"),
        (review(overall="good", unixReviewTime=0), "reviews"),
        (REVIEW_2018[:-1] + b', "rating": 9, "parent_asin": "B2"}', "reviews"),
    ],
)
@pytest.mark.parametrize("declared", [False, True])
def test_keys_of_another_layout_besides_are_passed_over(
    tmp_path: Path, warehouse: Warehouse, line: bytes, kind: str, declared: bool
) -> None:
    path = write(tmp_path / "file", [line])
    is_old = b"reviewerID" in line or b"asin" in line.replace(b"parent_asin", b"")
    layout = ("amazon_2018" if is_old and b"user_id" not in line else "amazon_2023") if declared else "auto"
    assert counts(ingest(warehouse, path, kind=kind, format=layout)) == (1, 1, 0, 0, 0)


def test_a_file_of_nothing_but_broken_lines_is_recorded(tmp_path: Path, warehouse: Warehouse) -> None:
    path = write(tmp_path / "a.jsonl", [b"{broken", b"[]"])
    report = ingest(warehouse, path, format="amazon_2018")
    assert counts(report) == (2, 0, 2, 0, 0)
    again = ingest(warehouse, path, format="amazon_2018")
    assert again == report._replace(skipped=True)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("line", [REVIEW_2023, HEADER])
@pytest.mark.parametrize("format", ["auto", "amazon_2023"])
def test_what_office_programs_call_unicode_is_named(
    tmp_path: Path, warehouse: Warehouse, line: bytes, encoding: str, format: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line.decode().encode(encoding))
    with pytest.raises(IngestError, match=r" is UTF-16 or UTF-32: save it as UTF-8\.$"):
        ingest(warehouse, path, format=format)


@pytest.mark.parametrize("suffix", [".jsonl", ".gz"])
def test_a_list_of_all_reviews_in_one_line_is_named(tmp_path: Path, warehouse: Warehouse, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", [b"[" + b",".join([REVIEW_2023] * 10_000) + b"]"])
    with pytest.raises(
        IngestError, match=r"The first line of .* is longer than 1 MiB: write one review or item a line"
    ):
        ingest(warehouse, path)
    long = review(text="x" * (1 << 20))
    with pytest.raises(IngestError, match="or name the layout as `format` in the study"):
        ingest(warehouse, write(path, [long]))
    assert counts(ingest(warehouse, path, format="amazon_2023")) == (1, 1, 0, 0, 0)
