"""Paired metrics on pairs whose answer is known, and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from scipy.stats import pearsonr

from python_assets.metrics.paired import (
    count_constant,
    norm_ratio,
    pair_distances,
    rank_accuracy,
    rating_correlation,
    somebody_else,
)
from tests.metrics.clouds import repeatable, seeds


def test_pair_distances_row_by_row() -> None:
    personas = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [0.0, 0.0]])
    seed_users = np.array([[3.0, 0.0], [1.0, 0.0], [-1.0, -1.0], [1.0, 0.0]])
    distances = pair_distances(personas, seed_users)
    assert distances.cosine == pytest.approx([0.0, 1.0, 2.0, 1.0])
    assert distances.l2 == pytest.approx([2.0, np.sqrt(5), 2 * np.sqrt(2), 1.0])
    with pytest.raises(ValueError, match="match row for row"):
        pair_distances(personas, seed_users[:3])


def test_a_persona_at_its_seed_users_place_is_never_nearer_than_there() -> None:
    points = np.random.default_rng(0).standard_normal((200, 7))
    for factor in (1.0, 3.0):
        assert pair_distances(factor * points, points).cosine.min() == 0
        assert pair_distances(-factor * points, points).cosine.max() == 2


def test_rank_accuracy_estimates_the_share_of_all_triplets() -> None:
    rng = np.random.default_rng(0)
    mine, theirs = rng.standard_normal((2, 12, 30))
    theirs += mine
    first, second = np.triu_indices(30, k=1)
    alike = np.sign(mine[:, first] - mine[:, second]) == np.sign(theirs[:, first] - theirs[:, second])
    result = rank_accuracy(mine, theirs, triplets=20_000, seed=1)
    assert result.n_triplets == 20_000
    assert result.value == pytest.approx(alike.mean(), abs=0.015)
    assert result == rank_accuracy(mine, theirs, triplets=20_000, seed=1)


def test_rank_accuracy_of_the_same_the_opposite_and_the_constant() -> None:
    scores = np.random.default_rng(0).standard_normal((5, 10))
    assert rank_accuracy(scores, np.exp(scores), triplets=500, seed=0) == (1.0, 500)
    assert rank_accuracy(scores, -scores, triplets=500, seed=0) == (0.0, 500)
    assert rank_accuracy(scores, np.ones((5, 10)), triplets=500, seed=0) == (None, 0)
    with pytest.raises(ValueError, match="at least 2 items"):
        rank_accuracy(scores[:, :1], scores[:, :1], triplets=5, seed=0)


def test_tied_triplets_are_drawn_again() -> None:
    levels = np.array([[1.0, 1.0, 1.0, 1.0, 2.0]])
    truth = np.array([[0.1, 0.2, 0.3, 0.4, 0.5]])
    # Six of ten pairs tie; the rest agree.
    assert rank_accuracy(levels, truth, triplets=1000, seed=0) == (1.0, 1000)


def test_rating_correlation_equals_scipy_over_the_answers_given() -> None:
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 6, size=(6, 40)).astype(float)
    scores = ratings + rng.standard_normal((6, 40))
    ratings[rng.random((6, 40)) < 0.2] = np.nan
    each = [pearsonr(r[~np.isnan(r)], s[~np.isnan(r)]).statistic for r, s in zip(ratings, scores, strict=True)]
    result = rating_correlation(ratings, scores)
    assert result == (pytest.approx(np.mean(each)), pytest.approx(np.std(each, ddof=1)), 6, 0)


def test_constant_unanswered_and_unvaried_personas_are_counted_not_averaged() -> None:
    scores = np.tile(np.arange(4.0), (5, 1))
    scores[4] = 0.1 + 0.2
    nan = np.nan
    ratings = np.array([[1, 2, 3, 4], [5, 5, 5, 5], [nan] * 4, [nan, 3, nan, nan], [1, 2, 3, 4]])
    assert rating_correlation(ratings, scores) == (pytest.approx(1.0), None, 1, 4)
    assert rating_correlation(ratings[1:4], scores[1:4]) == (None, None, 0, 3)
    with pytest.raises(ValueError, match="score every probe item"):
        rating_correlation(ratings, np.full((5, 4), nan))


@repeatable
@given(seed=seeds)
def test_rating_correlation_is_free_of_scale(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratings, scores = rng.integers(1, 6, size=(4, 15)).astype(float), rng.standard_normal((4, 15))
    scaled = rating_correlation(3 * ratings - 1, 0.01 * scores + 7)
    assert scaled.mean == pytest.approx(rating_correlation(ratings, scores).mean)


def test_norm_ratio_is_a_ratio_of_means() -> None:
    assert norm_ratio(np.array([[3.0, 4.0]]), np.array([[0.0, 10.0], [0.0, 0.0]])) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="all real users have norm 0"):
        norm_ratio(np.ones((2, 2)), np.zeros((2, 2)))


def test_one_answer_or_none_is_not_constant() -> None:
    gone = np.nan
    ratings = [[3, 3, 3], [2, gone, 2], [2, gone, gone], [gone, gone, gone], [1, gone, 2], [1.25, 1.25, 1.5]]
    assert count_constant(ratings) == 2


def test_somebody_else_is_another_person_and_each_row_once() -> None:
    people = ["u7", "u3", "u7", "u21", "u3", "u7"]
    others = somebody_else(people)
    assert others is not None
    assert sorted(others.tolist()) == list(range(6))
    assert all(people[row] != people[other] for row, other in enumerate(others))
    assert somebody_else(["u7", "u3", "u7"]) is None
    assert somebody_else(["u7"]) is None
