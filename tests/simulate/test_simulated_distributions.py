"""The shape of the corpus: heavy tails, J-shaped ratings, users in several categories."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime

import numpy as np
import pytest

from python_assets.simulate.catalogue import draw_catalogue
from python_assets.simulate.histories import draw_histories
from python_assets.simulate.settings import SimulationSettings
from tests.simulate.conftest import Corpus


def test_popularity_is_heavy_tailed(corpus: Corpus) -> None:
    counts = np.sort([item["rating_number"] for items in corpus.items.values() for item in items])[::-1]
    tenth = len(counts) // 10
    assert counts[:tenth].sum() > 0.3 * counts.sum()
    assert counts[-tenth:].sum() < 0.05 * counts.sum()
    assert counts[0] > 10 * np.median(counts)


def test_popularity_falls_with_rank_as_set() -> None:
    settings = SimulationSettings(users=4_000, items=2_000, mean_reviews=20, popularity_exponent=1.0)
    histories = draw_histories(settings, draw_catalogue(settings), settings.users, np.random.default_rng(0))
    counts = np.sort(np.bincount(histories.item, minlength=2_000))[::-1][20:400]
    slope = np.polyfit(np.log(np.arange(20, 400)), np.log(counts), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.15)


def test_activity_has_the_mean_the_minimum_and_a_tail(corpus: Corpus) -> None:
    counts = np.array([len(rated) for rated in corpus.first_ratings().values()])
    assert counts.mean() == pytest.approx(corpus.settings.mean_reviews, rel=0.05)
    assert counts.min() == corpus.settings.min_reviews
    assert counts.max() > 4 * np.median(counts)


def test_each_membership_has_the_minimum(corpus: Corpus) -> None:
    category = {item["parent_asin"]: name for name, items in corpus.items.items() for item in items}
    counts = Counter((user, category[item]) for user, rated in corpus.first_ratings().items() for item in rated)
    assert min(counts.values()) == corpus.settings.min_reviews


def test_ratings_are_j_shaped_and_users_vary(corpus: Corpus) -> None:
    shares = np.array(corpus.report.stars) / corpus.report.reviews
    assert shares == pytest.approx(corpus.settings.star_shares, abs=0.03)
    means = [np.mean(list(rated.values())) for rated in corpus.first_ratings().values()]
    assert np.std(means) > 0.4


def test_users_and_categories_follow_their_shares(corpus: Corpus) -> None:
    category = {item["parent_asin"]: name for name, items in corpus.items.items() for item in items}
    homes = defaultdict(set)
    for review in corpus.reviews:
        homes[review["user_id"]].add(category[review["parent_asin"]])
    several = sum(len(names) > 1 for names in homes.values())
    assert several == corpus.report.cross_category_users
    assert several / len(homes) == pytest.approx(corpus.settings.cross_category_share, abs=0.03)
    single = Counter(next(iter(names)) for names in homes.values() if len(names) == 1)
    for name, share in corpus.settings.categories:
        assert single[name] / single.total() == pytest.approx(share, abs=0.05)


def test_times_lie_between_start_and_end_and_files_run_by_user(corpus: Corpus) -> None:
    start, end = (
        datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1_000
        for day in (corpus.settings.start, corpus.settings.end)
    )
    assert all(start <= review["timestamp"] < end for review in corpus.reviews)


def test_a_user_of_a_tiny_category_gets_distinct_items() -> None:
    settings = SimulationSettings(
        users=50, items=12, categories=[("Software", 1)], cross_category_share=0, mean_reviews=6, popularity_exponent=2
    )
    histories = draw_histories(settings, draw_catalogue(settings), settings.users, np.random.default_rng(0))
    first = ~histories.rereview
    pairs = set(zip(histories.owner[first].tolist(), histories.item[first].tolist(), strict=True))
    assert len(pairs) == first.sum() == 50 * 6
