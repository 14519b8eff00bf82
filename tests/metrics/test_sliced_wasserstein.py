"""Sliced Wasserstein against POT and, projection by projection, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from scipy.stats import wasserstein_distance

from benchmarks.plain_metrics import plain_sliced_wasserstein
from python_assets.metrics import sliced_wasserstein as module
from python_assets.metrics.sliced_wasserstein import random_projections, sliced_wasserstein
from python_assets.populations.subspace import isometric_coordinates
from tests.metrics.clouds import lattice_clouds, low_rank_clouds, random_clouds, random_rotation, repeatable, seeds


@pytest.mark.parametrize(("n", "m", "dimension"), [(100, 100, 128), (60, 45, 8), (30, 90, 3), (1, 7, 2), (5, 5, 1)])
def test_equals_pot_and_scipy(n: int, m: int, dimension: int) -> None:
    x, y = random_clouds(n, m, dimension)
    projections = random_projections(dimension, 40, 3)
    value = sliced_wasserstein(x, y, projections)
    assert value == pytest.approx(plain_sliced_wasserstein(x, y, projections), abs=1e-10)
    assert value == pytest.approx(np.mean([wasserstein_distance(x @ p, y @ p) for p in projections]), abs=1e-10)


@pytest.mark.parametrize("m", [40, 17])
def test_equals_scipy_on_duplicates_and_constant_rows(m: int) -> None:
    x, y = lattice_clouds(40, m, 3)
    y[: m // 2] = 1.0
    projections = random_projections(3, 30, 0)
    expected = np.mean([wasserstein_distance(x @ p, y @ p) for p in projections])
    assert sliced_wasserstein(x, y, projections) == pytest.approx(expected, abs=1e-12)


def test_projections_are_unit_recorded_and_uniform() -> None:
    projections = random_projections(5, 2000, 7)
    assert np.linalg.norm(projections, axis=1) == pytest.approx(np.ones(2000))
    assert (projections == random_projections(5, 2000, 7)).all()
    assert (projections != random_projections(5, 2000, 8)).all()
    assert np.cov(projections, rowvar=False, bias=True) == pytest.approx(np.eye(5) / 5, abs=0.02)


def test_blocks_of_projections_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = random_clouds(20, 20, 4)
    projections = random_projections(4, 33, 0)
    whole = sliced_wasserstein(x, y, projections)
    monkeypatch.setattr(module, "PROJECTED_VALUES_AT_ONCE", 4 * 40)
    assert sliced_wasserstein(x, y, projections) == pytest.approx(whole, rel=1e-12)


def test_mapped_projections_keep_the_value_in_fewer_coordinates() -> None:
    x, y = low_rank_clouds(80, 80, rank=4, dimension=128)
    projections = random_projections(128, 200, 1)
    (low_x, low_y), basis = isometric_coordinates(x, y)
    assert basis is not None
    assert low_x.shape == (80, 4)
    value = sliced_wasserstein(x, y, projections)
    assert sliced_wasserstein(low_x, low_y, projections @ basis.T) == pytest.approx(value, rel=1e-9)
    # Unmapped, the same points look farther apart by about sqrt(128 / 4).
    in_four = sliced_wasserstein(low_x, low_y, random_projections(4, 2000, 1))
    assert in_four / value == pytest.approx(np.sqrt(128 / 4), rel=0.15)


@repeatable
@given(seed=seeds, m=seeds.map(lambda s: 1 + s % 30))
def test_shift_scale_shuffle_and_rotation(seed: int, m: int) -> None:
    x, y = random_clouds(12, m, 3, seed=seed)
    projections, turn = random_projections(3, 20, seed), random_rotation(3, seed=seed)
    value = sliced_wasserstein(x, y, projections)
    shuffled = np.random.default_rng(seed).permutation(x)
    assert sliced_wasserstein(y, shuffled, projections) == pytest.approx(value)
    assert sliced_wasserstein(2 * x + 5, 2 * y + 5, projections) == pytest.approx(2 * value)
    assert sliced_wasserstein(x @ turn, y @ turn, projections @ turn) == pytest.approx(value)
    assert sliced_wasserstein(x, x, projections) == 0.0
    # Every row twice is the same distribution, at another size.
    assert sliced_wasserstein(np.repeat(x, 2, axis=0), y, projections) == pytest.approx(value)


def test_projections_of_another_dimension_are_an_error() -> None:
    x, y = random_clouds(5, 5, 3)
    with pytest.raises(ValueError, match="projections have 4 coordinates but the populations 3"):
        sliced_wasserstein(x, y, random_projections(4, 10, 0))
