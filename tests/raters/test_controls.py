"""Control raters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from python_assets.raters import controls


def test_the_perfect_rater_keeps_the_distances_of_its_users_scores() -> None:
    # Most scores are near the top, as encoders give them.
    scores = np.concatenate([[0.0], np.linspace(0.7, 1.0, 99)])
    ratings = controls.perfect([scores, 10 * scores - 3])
    assert np.array_equal(ratings[0], ratings[1])
    assert np.bincount(ratings[0], minlength=6).tolist() == [0, 1, 0, 0, 33, 66]
    assert np.corrcoef(ratings[0], scores)[0, 1] > 0.8


@given(st.integers(2, 60), st.integers(0, 5))
def test_least_and_greatest_score_are_at_the_ends(n_probes: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(1, n_probes))
    row = controls.perfect(scores)[0]
    assert (row.min(), row.max()) == (1, 5)
    assert np.all(np.diff(row[np.argsort(scores[0])]) >= 0)


def test_who_scores_everything_alike_prefers_nothing() -> None:
    assert controls.perfect([[0.25, 0.25, 0.25, 0.25], [1.0, 2.0, 3.0, 5.0]]).tolist() == [[3] * 4, [1, 2, 3, 5]]
    assert controls.perfect(np.empty((0, 3))).shape == (0, 3)


@given(st.integers(1, 60), st.integers(0, 5))
def test_levels_of_popularity_differ_by_at_most_one_in_count(n_probes: int, seed: int) -> None:
    row = controls.popularity(np.random.default_rng(seed).integers(1, 50, n_probes), n_personas=1)[0]
    counts = np.bincount(row, minlength=6)[1:]
    assert counts.sum() == n_probes
    assert counts.max() - counts.min() <= 1


def test_popularity_is_one_ranking_for_everybody() -> None:
    ratings = controls.popularity([10, 500, 20, 3, 90], n_personas=3)
    assert ratings.tolist() == [[2, 5, 3, 1, 4]] * 3


def test_constant_and_random() -> None:
    assert np.all(controls.constant(n_personas=2, n_probes=5) == 3)
    people = [f"user{number}" for number in range(200)]
    ratings = controls.random(people, n_probes=100, seed=5)
    assert ratings.shape == (200, 100)
    # Five standard deviations of a share of one fifth in 20,000 draws.
    assert np.bincount(ratings.ravel(), minlength=6)[1:] / ratings.size == pytest.approx([0.2] * 5, abs=0.0142)
    assert len({tuple(row) for row in ratings.tolist()}) == 200


def test_a_newcomer_changes_nobody_elses_random_answers() -> None:
    before = controls.random(["ann", "bob", "eve"], n_probes=20, seed=5)
    after = controls.random(["ann", "newcomer", "bob", "eve"], n_probes=20, seed=5)
    assert np.array_equal(after[[0, 2, 3]], before)


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        controls.perfect([[1.0, float("nan")]])
