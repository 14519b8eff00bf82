"""Frechet distance against the matrix square root, also where that one breaks down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from benchmarks.plain_metrics import plain_frechet
from python_assets.metrics.frechet import frechet_distance
from tests.metrics.clouds import low_rank_clouds, random_clouds, random_rotation, repeatable, seeds


@pytest.mark.parametrize(("n", "m", "dimension"), [(200, 200, 5), (300, 150, 32), (500, 500, 128), (50, 60, 2)])
def test_equals_the_matrix_square_root_form(n: int, m: int, dimension: int) -> None:
    x, y = random_clouds(n, m, dimension)
    assert frechet_distance(x, y) == pytest.approx(plain_frechet(x, y), abs=1e-6)


@pytest.mark.parametrize(("n", "m"), [(500, 500), (12, 12), (12, 40)])
def test_rank_deficient_covariances_give_the_distance_of_the_span(n: int, m: int) -> None:
    x, y = random_clouds(n, m, 4)
    into_128 = random_rotation(128)[:4]
    assert frechet_distance(x @ into_128, y @ into_128) == pytest.approx(plain_frechet(x, y), rel=1e-9)


def test_fewer_rows_than_dimensions_agree_with_the_plain_form_as_far_as_that_is_right() -> None:
    x, y = low_rank_clouds(12, 12, rank=4, dimension=128)
    # The matrix square root of a singular product errs by the root of machine precision.
    assert frechet_distance(x, y) == pytest.approx(plain_frechet(x, y), rel=1e-6)


def test_one_dimension_is_mean_and_deviation() -> None:
    x, y = random_clouds(40, 30, 1)
    expected = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-12)


def test_one_row_has_covariance_zero() -> None:
    x, y = random_clouds(30, 1, 6)
    expected = np.square(x.mean(axis=0) - y[0]).sum() + x.var(axis=0, ddof=1).sum()
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(y, y) == 0.0


def test_constant_and_equal_populations() -> None:
    constant = np.full((20, 3), 0.1)
    moved = constant + np.array([1.0, 0.0, 0.0])
    assert frechet_distance(constant, moved) == pytest.approx(1.0)
    x, _ = random_clouds(100, 1, 16)
    assert 0 <= frechet_distance(x, x[::-1]) < 1e-12


@repeatable
@given(seed=seeds)
def test_rows_may_be_shuffled_and_axes_turned_and_lengths_scale_by_the_square(seed: int) -> None:
    x, y = random_clouds(25, 20, 6, seed=seed)
    turn, shuffled = random_rotation(6, seed=seed), np.random.default_rng(seed).permutation(x)
    value = frechet_distance(x, y)
    assert frechet_distance(shuffled, y) == pytest.approx(value)
    assert frechet_distance(y, x) == pytest.approx(value)
    assert frechet_distance(x @ turn + 1, y @ turn + 1) == pytest.approx(value)
    assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * value)


def test_refuses_what_is_no_population() -> None:
    x, y = random_clouds(5, 5, 3)
    with pytest.raises(ValueError, match="3 and 2 coordinates"):
        frechet_distance(x, y[:, :2])
    with pytest.raises(ValueError, match="at least one row"):
        frechet_distance(x, y[:0])
    y[0, 0] = np.nan
    with pytest.raises(ValueError, match="missing or infinite"):
        frechet_distance(x, y)
