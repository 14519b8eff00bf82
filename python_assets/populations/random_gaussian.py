"""The random baseline: what has the real users' moments and none of their structure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from python_assets.populations.subspace import FloatArray

ROWS_AT_ONCE = 65_536


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


def sample_random_gaussian(users: np.ndarray, *, size: int, seed: int) -> FloatArray:
    """Fit to the users and draw once; shape (size, d)."""
    return fit_random_gaussian(users)(size=size, seed=seed)
