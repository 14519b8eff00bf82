"""Prototype perturbation."""

from __future__ import annotations

import numpy as np


def sample_prototype(
    prototypes: np.ndarray, *, sigma: float, size: int, seed: int, concentration: float = 1.0
) -> np.ndarray:
    """Random mixtures of the K learned prototypes plus isotropic noise in d dimensions (section 4).

    Args:
        prototypes: The projectors' outputs at the reference context, shape (K, d).
        sigma: Standard deviation of the noise in each coordinate.
        size: Rows to draw.
        seed: Seed of the draw.
        concentration: Of the Dirichlet weights; 1 is uniform on the simplex.

    Returns:
        Shape (size, d), float64.
    """
    rng = np.random.default_rng(seed)
    mixtures = rng.dirichlet(np.full(len(prototypes), concentration), size=size)
    centres = mixtures @ prototypes.astype(np.float64)
    return centres + sigma * rng.standard_normal(centres.shape)
