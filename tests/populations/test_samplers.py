"""Synthetic populations have the moments and the support that section 4 gives them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import kstest

from python_assets.populations.baselines import baseline_samplers
from python_assets.populations.dirichlet import sample_dirichlet
from python_assets.populations.gaussian_mixture import fit_gaussian_mixture
from python_assets.populations.ignorant import sample_ignorant
from python_assets.populations.prototype import sample_prototype
from python_assets.populations.random_gaussian import fit_random_gaussian
from python_assets.populations.subspace import row_space
from python_assets.seeds import derive_seed
from python_assets.study import Baselines
from tests.metrics.clouds import low_rank_clouds

USERS = low_rank_clouds(400, 1, rank=4, dimension=24)[0]
PROTOTYPES = np.random.default_rng(0).standard_normal((4, 24))


def sample_gaussian_mixture(
    users: np.ndarray, *, components: int, covariance: Literal["full", "diag"], size: int, seed: int
) -> np.ndarray:
    fitted = fit_gaussian_mixture(users, components=components, covariance=covariance, seed=seed)
    return fitted(size=size, seed=seed)


def sample_random_gaussian(users: np.ndarray, *, size: int, seed: int) -> np.ndarray:
    return fit_random_gaussian(users)(size=size, seed=seed)


SAMPLERS: dict[str, Callable[..., np.ndarray]] = {
    "dirichlet": partial(sample_dirichlet, USERS, concentration=1.0, anchors=3),
    "gmm_full": partial(sample_gaussian_mixture, USERS, components=4, covariance="full"),
    "gmm_diag": partial(sample_gaussian_mixture, USERS, components=4, covariance="diag"),
    "prototype": partial(sample_prototype, PROTOTYPES, sigma=0.01),
    "random_gaussian": partial(sample_random_gaussian, USERS),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_seed_gives_the_same_rows_and_another_seed_others(name: str) -> None:
    sample = SAMPLERS[name]
    rows = sample(size=30, seed=1)
    assert rows.shape == (30, 24)
    assert np.isfinite(rows).all()
    assert (rows == sample(size=30, seed=1)).all()
    assert (rows != sample(size=30, seed=2)).any(axis=1).all()


def _off_span(rows: np.ndarray) -> float:
    basis = row_space(USERS)
    return float(np.abs(rows - rows @ basis.T @ basis).max())


def test_dirichlet_shrinks_the_covariance_by_its_weights() -> None:
    rows = sample_dirichlet(USERS, concentration=1.0, anchors=3, size=60_000, seed=0)
    # E sum alpha_j^2 of a flat Dirichlet over 3 is 2 / 4.
    assert rows.mean(axis=0) == pytest.approx(USERS.mean(axis=0), abs=0.01)
    assert np.cov(rows, rowvar=False) == pytest.approx(0.5 * np.cov(USERS, rowvar=False, bias=True), abs=0.01)
    assert _off_span(rows) < 1e-12


def test_dirichlet_concentration_and_anchors() -> None:
    one = sample_dirichlet(USERS, concentration=1.0, anchors=1, size=50, seed=0)
    assert all((np.abs(USERS - row).max(axis=1) < 1e-12).any() for row in one)
    even = sample_dirichlet(USERS[:1], concentration=1.0, anchors=3, size=5, seed=0)
    assert even == pytest.approx(np.repeat(USERS[:1], 5, axis=0))
    spread = [
        sample_dirichlet(USERS, concentration=c, anchors=3, size=4000, seed=0).var(axis=0).sum() for c in (0.1, 100)
    ]
    assert spread[0] > 2 * spread[1]


def test_random_gaussian_matches_each_coordinate_and_no_correlation() -> None:
    rows = fit_random_gaussian(USERS.astype(np.float32))(size=60_000, seed=0)
    assert rows.mean(axis=0) == pytest.approx(USERS.mean(axis=0), abs=0.015)
    assert rows.std(axis=0) == pytest.approx(USERS.std(axis=0), rel=0.02)
    between = np.asarray(np.corrcoef(rows, rowvar=False))[~np.eye(24, dtype=bool)]
    assert np.abs(between).max() < 0.03
    assert kstest((rows[:, 0] - rows[:, 0].mean()) / rows[:, 0].std(), "norm").pvalue > 0.01


def test_random_gaussian_fit_is_numpy_moments_over_blocks() -> None:
    many = np.random.default_rng(0).standard_normal((70_000, 2)).astype(np.float32) * 3 + 100
    fitted = fit_random_gaussian(many)
    assert fitted.mean == pytest.approx(many.mean(axis=0, dtype=np.float64), rel=1e-12)
    assert fitted.std == pytest.approx(many.std(axis=0, dtype=np.float64), rel=1e-9)


def test_prototype_mixture_has_dirichlet_and_noise_moments() -> None:
    rows = sample_prototype(PROTOTYPES, sigma=0.1, size=60_000, seed=0)
    # A flat Dirichlet over K has covariance (I / K - 1 / K^2) / (K + 1).
    weights = (np.eye(4) / 4 - 1 / 16) / 5
    expected = PROTOTYPES.T @ weights @ PROTOTYPES + 0.01 * np.eye(24)
    assert rows.mean(axis=0) == pytest.approx(PROTOTYPES.mean(axis=0), abs=0.01)
    assert np.cov(rows, rowvar=False) == pytest.approx(expected, abs=0.01)
    assert len(row_space(sample_prototype(PROTOTYPES, sigma=0.0, size=50, seed=0))) == 4


@pytest.mark.parametrize("covariance", ["full", "diag"])
def test_mixture_finds_planted_groups(covariance: str) -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0, 5.0], [10.0, 0.0, 5.0], [0.0, 20.0, 5.0]])
    group = rng.choice(3, size=3000, p=[0.5, 0.3, 0.2])
    users = centres[group] + rng.standard_normal((3000, 3)) * [1.0, 0.5, 0.1]
    rows = sample_gaussian_mixture(users, components=3, covariance=covariance, size=20_000, seed=0)  # type: ignore[arg-type]
    nearest = np.square(rows[:, None] - centres).sum(axis=2).argmin(axis=1)
    assert np.bincount(nearest) / 20_000 == pytest.approx(np.bincount(group) / 3000, abs=0.02)
    assert rows.mean(axis=0) == pytest.approx(users.mean(axis=0), abs=0.15)
    for label in range(3):
        assert rows[nearest == label].std(axis=0) == pytest.approx([1.0, 0.5, 0.1], rel=0.1)


def test_full_mixture_stays_in_the_users_span_and_diagonal_leaves_it() -> None:
    full = fit_gaussian_mixture(USERS, components=8, covariance="full", seed=0)
    # Mixtures of four prototypes span three directions about their mean.
    assert full.basis.shape == (3, 24)
    assert _off_span(full(size=500, seed=0)) < 1e-10
    diagonal = fit_gaussian_mixture(USERS, components=8, covariance="diag", seed=0)
    assert _off_span(diagonal(size=500, seed=0)) > 0.1


def test_full_mixture_keeps_mean_and_covariance() -> None:
    rows = fit_gaussian_mixture(USERS.astype(np.float32), components=8, covariance="full", seed=0)(size=40_000, seed=0)
    assert rows.mean(axis=0) == pytest.approx(USERS.mean(axis=0), abs=0.02)
    assert np.cov(rows, rowvar=False) == pytest.approx(np.cov(USERS, rowvar=False, bias=True), abs=0.02)


@pytest.mark.parametrize("covariance", ["full", "diag"])
@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_mixture_of_few_or_equal_users(n: int, covariance: str) -> None:
    few = fit_gaussian_mixture(USERS[:n], components=16, covariance=covariance, seed=0)  # type: ignore[arg-type]
    assert len(few.weights) == max(1, n // 2)
    assert np.isfinite(few(size=20, seed=0)).all()
    same = np.repeat(USERS[:1], 10, axis=0)
    rows = sample_gaussian_mixture(same, components=16, covariance=covariance, size=20, seed=0)  # type: ignore[arg-type]
    assert rows == pytest.approx(np.repeat(USERS[:1], 20, axis=0), abs=1e-9)


# None of them a default.
TABLE_6 = Baselines(
    dirichlet_concentration=0.3, dirichlet_anchors=5, gmm_components=2, gmm_covariance="diag", prototype_sigma=0.2
)


def test_baselines_are_drawn_with_the_settings_of_the_study() -> None:
    drawn = {
        name: sampler(size=8, seed=5)
        for name, sampler in baseline_samplers(USERS, PROTOTYPES, TABLE_6, temperature=0.2, seed=9).items()
    }
    mixture = fit_gaussian_mixture(USERS, components=2, covariance="diag", seed=derive_seed(9, "gmm"))
    wanted = {
        "random_baseline": sample_random_gaussian(USERS, size=8, seed=5),
        "synthetic_dirichlet": sample_dirichlet(USERS, concentration=0.3, anchors=5, size=8, seed=5),
        "synthetic_gmm": mixture(size=8, seed=5),
        "synthetic_prototype": sample_prototype(PROTOTYPES, sigma=0.2, size=8, seed=5),
        "ignorant_rater": sample_ignorant(PROTOTYPES, temperature=0.2, size=8, seed=5),
    }
    assert drawn.keys() == wanted.keys()
    for name, rows in wanted.items():
        np.testing.assert_array_equal(drawn[name], rows, err_msg=name)


def test_an_ignorant_rater_stands_where_algorithm_1_starts() -> None:
    w = np.random.default_rng(5).standard_normal((8, 4)) / 0.2
    rows = sample_ignorant(PROTOTYPES, temperature=0.2, size=8, seed=5)
    np.testing.assert_allclose(rows, softmax(w, axis=1) @ PROTOTYPES)
