"""Control raters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from python_assets.raters import controls


def test_a_hundred_probes_give_twenty_of_each_level_in_score_order() -> None:
    scores = np.random.default_rng(1).normal(size=(7, 100))
    ratings = controls.perfect(scores)
    for row, own in zip(ratings, scores, strict=True):
        assert np.bincount(row, minlength=6).tolist() == [0, 20, 20, 20, 20, 20]
        assert np.all(np.diff(row[np.argsort(own)]) >= 0)


@given(st.integers(1, 60), st.integers(0, 5))
def test_levels_differ_by_at_most_one_in_count(n_probes: int, seed: int) -> None:
    row = controls.perfect(np.random.default_rng(seed).normal(size=(1, n_probes)))[0]
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
