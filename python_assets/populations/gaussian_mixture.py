"""Gaussian mixture sampler."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from python_assets.populations.subspace import FloatArray, row_space, to_coordinates

# Ridge on the covariances, as a share of the mean variance; the least one is for users who all share one place.
RELATIVE_RIDGE = 1e-6
LEAST_RIDGE = 1e-30


@dataclass(frozen=True)
class GaussianMixtureSampler:
    """A fitted mixture.

    Attributes:
        weights: Shape (components,).
        means: In coordinates of the basis, shape (components, r).
        covariances: In the same coordinates, shape (components, r, r).
        origin: Of those coordinates, shape (d,).
        basis: Orthonormal rows, shape (r, d).
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    origin: FloatArray
    basis: FloatArray

    def __call__(self, *, size: int, seed: int) -> FloatArray:
        """Draw rows of shape (size, d)."""
        rng = np.random.default_rng(seed)
        component = rng.choice(len(self.weights), size=size, p=self.weights)
        roots = np.linalg.cholesky(self.covariances)
        noise = rng.standard_normal((size, self.means.shape[1]))
        rows = self.means[component] + np.einsum("sij,sj->si", roots[component], noise)
        return self.origin + rows @ self.basis


def fit_gaussian_mixture(
    users: np.ndarray,
    *,
    components: int,
    covariance: Literal["full", "diag"],
    seed: int,
) -> GaussianMixtureSampler:
    """Fit by expectation maximisation (section 4; Table 6: full covariance, the text: diagonal).

    Full covariances are fitted in the users' affine span and mapped back. In all d coordinates they would be singular
    (mixtures of K prototypes span K - 1 directions, and a small corpus has fewer users than d), and the usual remedy, a
    ridge in every direction, would push each sample off the users' space. A diagonal is not a property of the span, so
    it is fitted in the coordinates as they are.

    Args:
        users: Real users, shape (N, d).
        components: Wanted; at most one for two distinct users.
        covariance: ``full`` or ``diag``.
        seed: Seed of the k-means start.
    """
    points, origin, basis = _affine_coordinates(users) if covariance == "full" else _own_coordinates(users)
    n_distinct = len(np.unique(points, axis=0))
    ridge = max(RELATIVE_RIDGE * float(points.var(axis=0).mean()), LEAST_RIDGE)
    if len(points) == 1:
        # scikit-learn asks for two rows, and twice the same one is the same distribution.
        points = np.repeat(points, 2, axis=0)
    mixture = GaussianMixture(
        max(1, min(components, n_distinct // 2)),
        covariance_type=covariance,
        reg_covar=ridge,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # A mixture cut short after 100 steps is still a mixture to sample from.
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(points)
    covariances = mixture.covariances_
    if covariance == "diag":
        covariances = np.stack([np.diag(variances) for variances in covariances])
    return GaussianMixtureSampler(mixture.weights_, mixture.means_, covariances, origin, basis)


def _affine_coordinates(users: np.ndarray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points, origin and basis in the affine span: two steps, so that centring touches few coordinates."""
    span = row_space(users)
    points = to_coordinates(users, span)
    centre = points.mean(axis=0)
    directions = row_space(points - centre)
    return to_coordinates(points - centre, directions), centre @ span, directions @ span


def _own_coordinates(users: np.ndarray) -> tuple[FloatArray, FloatArray, FloatArray]:
    centre = users.mean(axis=0, dtype=np.float64)
    return users - centre, centre, np.eye(users.shape[1])
