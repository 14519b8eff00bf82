"""MMD against its definition, and its permutation test against a plain loop."""

from __future__ import annotations

from itertools import permutations as arrangements

import numpy as np
import pytest
from hypothesis import given
from scipy.spatial.distance import pdist

from benchmarks.plain_metrics import plain_mmd
from python_assets.metrics.mmd import median_bandwidth, mmd, permutation_groups
from tests.metrics.clouds import (
    Clouds,
    lattice_clouds,
    low_rank_clouds,
    random_clouds,
    random_rotation,
    repeatable,
    seeds,
)


def _by_definition(x: np.ndarray, y: np.ndarray, bandwidth: float) -> float:
    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-np.square(a - b).sum() / (2 * bandwidth**2)))

    within_x = np.mean([kernel(a, b) for a, b in arrangements(x, 2)])
    within_y = np.mean([kernel(a, b) for a, b in arrangements(y, 2)])
    return float(within_x + within_y - 2 * np.mean([kernel(a, b) for a in x for b in y]))


@pytest.mark.parametrize(("n", "m"), [(7, 7), (9, 4), (2, 2)])
def test_value_follows_the_definition(n: int, m: int) -> None:
    x, y = random_clouds(n, m, 3)
    result = mmd(x, y, permutations=0, seed=0)
    bandwidth = float(np.median(pdist(np.concatenate([x, y]))))
    assert result.value == pytest.approx(_by_definition(x, y, bandwidth), abs=1e-12)
    assert result.p_value is None


@pytest.mark.parametrize(
    "clouds",
    [
        random_clouds(40, 40, 8),
        random_clouds(30, 18, 2, seed=1),
        random_clouds(25, 25, 4, seed=3)[:1] * 2,
        low_rank_clouds(40, 40, rank=4, dimension=64),
        lattice_clouds(30, 30, 2),
    ],
    ids=["random", "unequal", "same", "low_rank", "duplicates"],
)
def test_test_equals_a_plain_loop_over_the_same_permutations(clouds: Clouds) -> None:
    x, y = clouds
    groups = permutation_groups(len(x), len(y), permutations=1100, seed=5)
    orders = np.argsort(~groups, axis=1, kind="stable")
    expected = plain_mmd(x, y, orders)
    result = mmd(x, y, permutations=1100, seed=5)
    assert result.value == pytest.approx(expected.value, abs=1e-10)
    assert result.p_value == expected.p_value


def test_groups_keep_their_sizes_and_differ() -> None:
    groups = permutation_groups(6, 10, permutations=200, seed=0)
    assert groups.shape == (200, 16)
    assert (groups.sum(axis=1) == 6).all()
    assert len(np.unique(groups, axis=0)) > 150
    # Every row is in the first group 6 times in 16.
    assert groups.mean(axis=0) == pytest.approx(np.full(16, 6 / 16), abs=0.12)


def test_p_value_is_uniform_for_like_populations_and_small_for_unlike_ones() -> None:
    p_values = [mmd(*random_clouds(20, 20, 3, seed=s)[:1] * 2, permutations=9, seed=s).p_value for s in range(3)]
    assert p_values == [1.0, 1.0, 1.0]
    rng = np.random.default_rng(0)
    like = [mmd(*rng.standard_normal((2, 15, 3)), permutations=99, seed=s).p_value or 0.0 for s in range(300)]
    assert np.mean(like) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.array(like) <= 0.1) == pytest.approx(0.1, abs=0.05)
    x, y = random_clouds(30, 30, 3)
    assert mmd(x, y + 3, permutations=499, seed=0).p_value == pytest.approx(1 / 500)


def test_all_rows_in_one_place_give_zero_and_no_evidence() -> None:
    same = np.full((10, 4), 0.1)
    assert mmd(same, same, permutations=50, seed=0) == (pytest.approx(0.0, abs=1e-12), 1.0)


def test_bandwidth_where_most_pairs_coincide() -> None:
    assert median_bandwidth(np.array([0.0, 0.0, 0.0, 4.0, 16.0])) == 3.0
    assert median_bandwidth(np.array([0.0, 0.0, 0.0, 0.04, 0.16])) == pytest.approx(0.3)
    assert median_bandwidth(np.zeros(3)) == 1.0
    x, y = np.zeros((10, 2)), np.concatenate([np.zeros((9, 2)), np.ones((1, 2))])
    result = mmd(x, y, permutations=20, seed=0)
    assert result.value == pytest.approx(_by_definition(x, y, np.sqrt(2)), abs=1e-12)


@repeatable
@given(seed=seeds)
def test_rows_may_be_shuffled_axes_turned_and_units_changed(seed: int) -> None:
    x, y = random_clouds(12, 9, 5, seed=seed)
    turn, shuffled = random_rotation(5, seed=seed), np.random.default_rng(seed).permutation(y)
    value = mmd(x, y, permutations=0, seed=0).value
    assert mmd(x, shuffled, permutations=0, seed=0).value == pytest.approx(value, abs=1e-12)
    assert mmd(y, x, permutations=0, seed=0).value == pytest.approx(value, abs=1e-12)
    # The median heuristic makes the value free of units.
    assert mmd(100 * x @ turn, 100 * y @ turn, permutations=0, seed=0).value == pytest.approx(value, abs=1e-9)


def test_one_row_is_an_error_that_says_so() -> None:
    x, y = random_clouds(5, 1, 3)
    with pytest.raises(ValueError, match="at least 2 rows in each population, got 5 and 1"):
        mmd(x, y, permutations=10, seed=0)
