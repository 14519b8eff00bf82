"""Facts of the real review excerpts, counted from the files by other means."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.sql.conftest import Built


def test_build_succeeds(real: Built) -> None:
    assert real.run.returncode == 0, real.run.output[-4000:]


def test_all_beauty_is_the_official_five_core(real: Built, real_data: Path) -> None:
    with (real_data / "amazon_2023" / "All_Beauty" / "All_Beauty.5core.csv").open() as file:
        official = [
            (r["user_id"], r["parent_asin"], float(r["rating"]), int(r["timestamp"])) for r in csv.DictReader(file)
        ]
    found = real.warehouse.rows(
        "select user_id, item_id, rating, epoch_ms(reviewed_at) from corpus.interactions where split = 'All_Beauty'"
    )
    assert len(found) == 2535
    assert sorted(found) == sorted(official)


@pytest.mark.parametrize(
    ("category", "lines", "pairs"),
    [("All_Beauty", 2544, 2535), ("Magazine_Subscriptions", 2375, 2302)],
)
def test_re_reviews_are_dropped(real: Built, category: str, lines: int, pairs: int) -> None:
    query = "select (select count(*) from raw.reviews where category = $1), count(*) from staging.stg_reviews where category = $1"
    assert real.warehouse.rows(query, [category]) == [(lines, pairs)]


@pytest.mark.parametrize(
    ("category", "without_metadata"),
    [("All_Beauty", 0), ("Gift_Cards", 0), ("Magazine_Subscriptions", 6)],
)
def test_items_without_metadata(real: Built, category: str, without_metadata: int) -> None:
    query = "select count(*) from staging.stg_items where category = ? and text_source = 'category_only'"
    assert real.warehouse.rows(query, [category]) == [(without_metadata,)]


def test_users_with_ten_reviews_seed_personas(real: Built) -> None:
    assert real.warehouse.rows("select count(*) from personas.seed_users where split = 'All_Beauty'") == [(81,)]


def test_constant_raters_have_no_pair(real: Built) -> None:
    """28 of the 38 users of Gift_Cards with ten reviews or more gave one rating; their re-reviews do not change that."""
    query = """
        select count(*) from (
            select user_id from raw.reviews where category = 'Gift_Cards'
            group by user_id having count(*) >= 10 and count(distinct rating) = 1
        )
        where user_id not in (select user_id from corpus.preference_pairs where split = 'Gift_Cards')
    """
    assert real.warehouse.rows(query) == [(28,)]


def test_combined_holds_all_categories(real: Built) -> None:
    query = "select count(*) filter (where split = 'Combined'), count(*) filter (where split != 'Combined') from corpus.interactions"
    ((combined, parts),) = real.warehouse.rows(query)
    assert combined == parts > 6000


def test_tied_histories_have_one_order(real: Built) -> None:
    """74 magazine readers wrote all their reviews at one time: item ids decide."""
    query = """
        with tied as (
            select category, user_id from raw.reviews where category = 'Magazine_Subscriptions'
            group by category, user_id having count(distinct reviewed_at) = 1
        )
        select
            (select count(*) from tied),
            count(*) filter (where item_id < previous)
        from (
            select user_id, item_id, lag(item_id) over (partition by user_id order by position) as previous
            from corpus.interactions where split = 'Magazine_Subscriptions'
        )
        where user_id in (select user_id from tied)
    """
    assert real.warehouse.rows(query) == [(74, 0)]
