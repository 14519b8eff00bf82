"""Dirichlet interpolation between real users."""

from __future__ import annotations

import numpy as np


def sample_dirichlet(users: np.ndarray, *, concentration: float, anchors: int, size: int, seed: int) -> np.ndarray:
    """Convex combinations of a few real users (section 4): u = sum_j alpha_j u_{i_j}, alpha ~ Dir(beta).

    Anchors are drawn uniformly and independently, so that one user may be drawn twice.

    Args:
        users: Real users, shape (N, d).
        concentration: beta.
        anchors: n_anchor, users mixed into one row.
        size: Rows to draw.
        seed: Seed of the draw.

    Returns:
        Shape (size, d), float64.
    """
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(users), size=(size, anchors))
    weights = rng.dirichlet(np.full(anchors, concentration), size=size)
    return np.einsum("sa,sad->sd", weights, users[rows].astype(np.float64))
