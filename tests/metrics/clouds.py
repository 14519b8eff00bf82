"""Point clouds that the metric tests share: random, and the degenerate ones that real runs produce."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

Clouds = tuple[np.ndarray, np.ndarray]

# The same examples on every run: a test says something about the code, not about the day.
repeatable = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def random_clouds(n: int, m: int, dimension: int, *, seed: int = 0) -> Clouds:
    """Two shifted Gaussian clouds of shapes (n, d) and (m, d)."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, dimension)), 0.3 + 0.8 * rng.standard_normal((m, dimension))


def low_rank_clouds(n: int, m: int, *, rank: int, dimension: int, seed: int = 0) -> Clouds:
    """Mixtures of the same ``rank`` prototypes in more dimensions, as users and placed personas are."""
    rng = np.random.default_rng(seed)
    prototypes = rng.standard_normal((rank, dimension))
    real = rng.dirichlet(np.ones(rank), size=n) @ prototypes
    return real, rng.dirichlet(np.full(rank, 3.0), size=m) @ prototypes


def lattice_clouds(n: int, m: int, dimension: int, *, side: int = 3, seed: int = 0) -> Clouds:
    """Small integers: many duplicates and many exact ties, in arithmetic without rounding."""
    rng = np.random.default_rng(seed)
    shapes = ((n, dimension), (m, dimension))
    return tuple(rng.integers(0, side, size=shape).astype(float) for shape in shapes)  # type: ignore[return-value]


def random_rotation(dimension: int, *, seed: int = 0) -> np.ndarray:
    """An orthogonal matrix, shape (d, d)."""
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((dimension, dimension)))[0]
