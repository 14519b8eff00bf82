"""Real review files: the counts that were taken from them by hand."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse
from tests.ingest.samples import counts, ingest

BEAUTY = "amazon_2023/All_Beauty"
MAGAZINES = "amazon_2018/Magazine_Subscriptions"
CARDS = "amazon_2018/Gift_Cards"

REVIEWS = f"{BEAUTY}/All_Beauty.jsonl.gz"
RATINGS = f"{BEAUTY}/All_Beauty.5core.csv"


@pytest.mark.parametrize(
    ("name", "kind", "layout", "expected"),
    [
        (REVIEWS, "reviews", "amazon_2023", (2544, 2544, 0, 0, 0)),
        (f"{BEAUTY}/meta_All_Beauty.jsonl.gz", "items", "amazon_2023", (356, 356, 0, 0, 0)),
        (RATINGS, "reviews", "ratings_csv", (2535, 2535, 0, 0, 0)),
        (f"{MAGAZINES}/Magazine_Subscriptions_5.json.gz", "reviews", "amazon_2018", (2375, 2333, 0, 42, 5)),
        (f"{MAGAZINES}/meta_Magazine_Subscriptions.json.gz", "items", "amazon_2018", (3385, 2320, 0, 1065, 0)),
        (f"{CARDS}/Gift_Cards_5.json.gz", "reviews", "amazon_2018", (2972, 2972, 0, 0, 3)),
        (f"{CARDS}/meta_Gift_Cards.json.gz", "items", "amazon_2018", (1547, 1547, 0, 0, 0)),
    ],
)
def test_counts(
    real_data: Path,
    tmp_path: Path,
    warehouse: Warehouse,
    name: str,
    kind: str,
    layout: str,
    expected: tuple[int, int, int, int, int],
) -> None:
    report = ingest(warehouse, real_data / name, kind=kind)
    assert (report.format, counts(report)) == (layout, expected)
    n_read, n_accepted, _, _, n_corrected = expected
    assert warehouse.rows(f"select count(*) from raw.{kind}") == [(n_accepted - n_corrected,)]
    assert warehouse.rows("select n_read, n_accepted from raw.ingested_files") == [(n_read, n_accepted)]

    copy = tmp_path / "copy"
    data = (real_data / name).read_bytes()
    copy.write_bytes(gzip.decompress(data) if name.endswith(".gz") else data)
    assert counts(ingest(warehouse, copy, kind=kind)) == (n_read, 0, 0, n_read, 0)


def test_the_earliest_review_of_each_item_gives_the_official_ratings(real_data: Path, warehouse: Warehouse) -> None:
    ingest(warehouse, real_data / REVIEWS)
    ingest(warehouse, real_data / RATINGS, category="official")
    sql = """
        with reviews as (
            select category, user_id, item_id, min(reviewed_at) as reviewed_at, arg_min(rating, reviewed_at) as rating
            from raw.reviews
            group by all
        )
        select user_id, item_id, reviewed_at, rating from reviews where category = ? order by all
    """
    official = warehouse.rows(sql, ["official"])
    assert len(official) == 2535
    assert set(official) <= set(warehouse.rows(sql, ["C"]))


def test_the_ratings_of_known_reviews_are_duplicates(real_data: Path, warehouse: Warehouse) -> None:
    ingest(warehouse, real_data / REVIEWS)
    assert counts(ingest(warehouse, real_data / RATINGS)) == (2535, 0, 0, 2535, 0)
    assert warehouse.rows("select count(*) from raw.reviews where text is null") == [(0,)]
