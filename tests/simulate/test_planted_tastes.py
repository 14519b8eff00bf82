"""The planted preferences can be found in the ratings."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from python_assets.simulate.blocks import draw_world
from python_assets.simulate.settings import SimulationSettings
from python_assets.simulate.tastes import Users, draw_users, rate, type_preferences
from tests.simulate.conftest import Corpus


def _planted(corpus: Corpus) -> tuple[dict[str, list], dict[str, list], np.ndarray, np.ndarray]:
    users = pq.read_table(corpus.folder / "planted_users.parquet").to_pydict()
    items = pq.read_table(corpus.folder / "planted_items.parquet").to_pydict()
    ratings = corpus.rating_matrix(users["user_id"], items["item_id"])
    expected = np.array(items["quality"]) + np.array(users["mixture"]) @ np.array(items["appeal"]).T
    return users, items, ratings, expected


def test_users_of_one_type_rate_more_alike_than_users_of_two(corpus: Corpus) -> None:
    users, _, ratings, _ = _planted(corpus)
    residual = ratings - np.nanmean(ratings, axis=0)
    residual -= np.nanmean(residual, axis=1, keepdims=True)
    known = ~np.isnan(residual)
    residual = np.where(known, residual, 0.0)
    shared = known.astype(float) @ known.T
    agreement = residual @ residual.T
    same = np.equal.outer(users["taste_type"], users["taste_type"])
    upper = np.triu(shared > 0, k=1)
    variance = (residual**2).sum() / known.sum()
    within, between = (agreement[upper & mask].sum() / shared[upper & mask].sum() / variance for mask in (same, ~same))
    # Correlation of two users' residuals on an item that both rated.
    assert within > 0.15
    assert between < 0.0
    assert within - between > 0.2


def test_planted_utility_orders_a_users_ratings(corpus: Corpus) -> None:
    _, items, ratings, expected = _planted(corpus)
    quality_only = np.broadcast_to(np.array(items["quality"]), ratings.shape)
    assert _pair_accuracy(ratings, expected) > 0.8
    assert _pair_accuracy(ratings, expected) - _pair_accuracy(ratings, quality_only) > 0.1


def _pair_accuracy(ratings: np.ndarray, scores: np.ndarray) -> float:
    right = total = 0
    for row, score in zip(ratings, scores, strict=True):
        rated = np.flatnonzero(~np.isnan(row))
        better = np.subtract.outer(row[rated], row[rated]) >= 1
        right += int((np.subtract.outer(score[rated], score[rated]) > 0)[better].sum())
        total += int(better.sum())
    return right / total


def test_variance_is_divided_as_set() -> None:
    settings = SimulationSettings(personal_weight=0.4, quality_weight=0.3, generosity_weight=0.2, items=600)
    world = draw_world(settings)
    rng = np.random.default_rng(0)
    users = draw_users(settings, 40_000, rng)
    chance = world.catalogue.pick_share * settings.shares()[world.catalogue.category]
    item = rng.choice(600, size=40_000, p=chance)
    taste = np.einsum("ut,ut->u", users.mixture, world.tastes.appeal[item])
    assert taste.var() == pytest.approx(0.4, abs=0.02)
    assert world.tastes.quality[item].var() == pytest.approx(0.3, abs=0.02)
    assert users.generosity.var() == pytest.approx(0.2, abs=0.02)
    assert world.tastes.noise**2 == pytest.approx(0.1)
    stars = np.bincount(rate(world.tastes, users, np.arange(40_000), item, rng), minlength=6)[1:] / 40_000
    assert stars == pytest.approx(settings.star_shares, abs=0.01)


@pytest.mark.parametrize("types", [2, 4, 6, 8, 12])
def test_types_differ_and_balance(types: int) -> None:
    preferences = type_preferences(types, np.random.default_rng(3))
    assert preferences.sum(axis=0) == pytest.approx(0, abs=1e-9)
    assert preferences.sum(axis=1) == pytest.approx(0, abs=1e-9)
    distances = np.linalg.norm(preferences[:, None] - preferences, axis=2)[np.triu_indices(types, k=1)]
    assert distances.min() > 0.3
    if types <= 8:
        assert distances == pytest.approx(np.sqrt(2), abs=1e-9)


def test_main_type_is_the_heaviest() -> None:
    settings = SimulationSettings(taste_types=5, taste_purity=0.6)
    users: Users = draw_users(settings, 500, np.random.default_rng(0))
    assert users.mixture.sum(axis=1) == pytest.approx(1)
    assert (users.mixture.argmax(axis=1) == users.taste_type).all()
    assert users.mixture.max(axis=1).min() >= 0.6
