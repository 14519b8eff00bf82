"""Cosine homogeneity against all pairs written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics.pairwise import cosine_similarity

from benchmarks.plain_metrics import plain_mean_cosine
from python_assets.metrics import cosine as module
from python_assets.metrics.cosine import mean_cosine
from tests.metrics.clouds import low_rank_clouds, random_clouds, random_rotation, repeatable, seeds


@pytest.mark.parametrize(("n", "dimension"), [(500, 128), (40, 3), (2, 5), (30, 1)])
def test_equals_all_pairs(n: int, dimension: int) -> None:
    y = random_clouds(1, n, dimension)[1]
    pairs = cosine_similarity(y)[np.triu_indices(n, k=1)]
    assert mean_cosine(y) == (pytest.approx(plain_mean_cosine(y), abs=1e-12), pytest.approx(pairs.std(), abs=1e-9))


def test_many_rows_give_the_same_without_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    y = low_rank_clouds(1, 300, rank=4, dimension=32)[1]
    y[3] = 0.0
    small = mean_cosine(y)
    monkeypatch.setattr(module, "MATRIX_ROWS", 10)
    assert mean_cosine(y) == pytest.approx(small, abs=1e-9)


def test_collapsed_single_and_zero_rows_have_stated_values() -> None:
    assert mean_cosine(np.full((50, 3), 0.1)) == (pytest.approx(1.0, abs=1e-12), pytest.approx(0.0, abs=1e-12))
    assert mean_cosine(np.ones((1, 3))) == (1.0, 0.0)
    assert mean_cosine(np.zeros((4, 3))) == (0.0, 0.0)
    # One pair has cosine 1, the two with the zero row have 0.
    assert mean_cosine(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 0.0]])).mean == pytest.approx(1 / 3)
    assert mean_cosine(np.array([[1.0, 0.0], [-3.0, 0.0]])).mean == -1.0


@repeatable
@given(seed=seeds)
def test_lengths_order_and_axes_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((15, 4))
    lengths = rng.uniform(0.1, 10, size=(15, 1))
    expected = pytest.approx(mean_cosine(y), abs=1e-9)
    assert mean_cosine(rng.permutation(lengths * y) @ random_rotation(4, seed=seed)) == expected
