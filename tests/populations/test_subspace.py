"""Fewer coordinates, the same geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from python_assets.populations import subspace as module
from python_assets.populations.subspace import isometric_coordinates, row_space, to_coordinates
from tests.metrics.clouds import low_rank_clouds, random_clouds, repeatable, seeds


@repeatable
@given(seed=seeds, rank=st.integers(2, 6), dimension=st.integers(12, 40))
def test_products_and_distances_are_kept(seed: int, rank: int, dimension: int) -> None:
    x, y = low_rank_clouds(15, 10, rank=rank, dimension=dimension, seed=seed)
    (low_x, low_y), basis = isometric_coordinates(x, y)
    assert basis is not None
    assert low_x.shape == (15, rank)
    assert basis @ basis.T == pytest.approx(np.eye(rank), abs=1e-12)
    assert low_x @ low_y.T == pytest.approx(x @ y.T, abs=1e-10)
    assert cdist(low_x, low_y) == pytest.approx(cdist(x, y), abs=1e-10)
    assert low_x @ basis == pytest.approx(x, abs=1e-10)


def test_full_rank_is_left_as_it_is() -> None:
    x, y = random_clouds(50, 50, 6)
    (same_x, same_y), basis = isometric_coordinates(x.astype(np.float32), y)
    assert basis is None
    assert same_x.dtype == np.float64
    assert (same_y == y).all()


def test_rank_counts_what_matters_beside_the_spread() -> None:
    x, _ = low_rank_clouds(200, 1, rank=3, dimension=20)
    noise = np.random.default_rng(0).standard_normal(x.shape)
    assert len(row_space(x.astype(np.float32))) == 3
    assert len(row_space(x + 1e-9 * noise)) == 3
    assert len(row_space(x + 1e-3 * noise)) == 20
    # Far from the origin the differences between rows still count, however small beside the rows.
    assert len(row_space(1e4 + 1e-3 * noise)) == 20


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, _ = low_rank_clouds(100, 1, rank=3, dimension=20)
    basis = row_space(x)
    whole = to_coordinates(x, basis)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    assert (to_coordinates(x, basis) == whole).all()
    again = row_space(x)
    assert again.T @ again == pytest.approx(basis.T @ basis, abs=1e-10)


def test_equal_rows_stay_exactly_equal() -> None:
    x, y = low_rank_clouds(37, 11, rank=4, dimension=33)
    x[5:] = y[3]
    (low_x, low_y), _ = isometric_coordinates(x, y)
    assert low_x.shape == (37, 4)
    # The last rows are those that a matrix product handles apart.
    assert (low_x[5:] == low_y[3]).all()
    assert len(np.unique(low_x, axis=0)) == 6


def test_rows_without_spread_have_a_basis() -> None:
    assert row_space(np.zeros((5, 3))).shape == (1, 3)
    (same,), _ = isometric_coordinates(np.full((5, 3), 0.1))
    assert same.shape == (5, 1)
    assert np.unique(np.abs(same)) == pytest.approx([0.1 * np.sqrt(3)])
