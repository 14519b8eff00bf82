"""Noise with the real users' moments and none of their structure: anywhere (the random baseline), or where users can lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from python_assets.populations.subspace import FloatArray, row_space, to_coordinates

ROWS_AT_ONCE = 65_536
DIRECTION = 1e-9
"""Share of the largest variance below which users do not differ in a direction: mixtures add up to one."""


@dataclass(frozen=True)
class RandomGaussian:
    """A Gaussian with diagonal covariance.

    Attributes:
        mean: Shape (d,).
        std: Shape (d,).
    """

    mean: FloatArray
    std: FloatArray

    def __call__(self, *, size: int, seed: int) -> FloatArray:
        """Draw rows of shape (size, d)."""
        noise = np.random.default_rng(seed).standard_normal((size, len(self.mean)))
        return self.mean + self.std * noise


def fit_random_gaussian(users: np.ndarray) -> RandomGaussian:
    """Match the mean and the standard deviation (dividing by N) of each coordinate (section 3.4).

    Args:
        users: Real users, shape (N, d); read in blocks, so that no float64 copy of all is made.
    """
    mean = users.mean(axis=0, dtype=np.float64)
    blocks = (users[start : start + ROWS_AT_ONCE] for start in range(0, len(users), ROWS_AT_ONCE))
    squares = sum((np.square(block - mean).sum(axis=0) for block in blocks), np.zeros_like(mean))
    return RandomGaussian(mean, np.sqrt(squares / len(users)))


@dataclass(frozen=True)
class SpannedGaussian:
    """A Gaussian that is alike in all directions in which real users differ, and has no other.

    Attributes:
        mean: Shape (d,).
        std: In each of these directions.
        directions: Orthonormal, shape (r, d).
    """

    mean: FloatArray
    std: float
    directions: FloatArray

    def __call__(self, *, size: int, seed: int) -> FloatArray:
        """Draw rows of shape (size, d)."""
        noise = np.random.default_rng(seed).standard_normal((size, len(self.directions)))
        return self.mean + self.std * noise @ self.directions


def fit_spanned_gaussian(users: np.ndarray) -> SpannedGaussian:
    """Match the mean and the total variance within the users' span (the anchor ``on_manifold``).

    Users and placed personas are mixtures of K prototypes. The paper's random baseline has noise in all d coordinates, so
    that most of its distance from real users is that it leaves their span; this one stays there. With their covariance too
    it would be no ceiling for the Frechet distance, which sees nothing else.

    Args:
        users: Real users, shape (N, d).
    """
    basis = row_space(users)
    points = to_coordinates(users, basis)
    values, vectors = np.linalg.eigh(np.cov(points.T, ddof=0).reshape(len(basis), len(basis)))
    differ = values > DIRECTION * values.max()
    std = float(np.sqrt(values[differ].mean())) if differ.any() else 0.0
    return SpannedGaussian(points.mean(axis=0) @ basis, std, vectors[:, differ].T @ basis)
