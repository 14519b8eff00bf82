"""Users who said nothing: w left at its N(0, I) start (DESIGN section 5b)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sample_ignorant(prototypes: np.ndarray, *, temperature: float, size: int, seed: int) -> NDArray[np.float64]:
    """Places of personas whose ratings hold no pair, if they were left at the random start of Algorithm 1.

    They know nothing of any user, and yet lie where real users do: what a metric gives them is what it gives for free.

    Args:
        prototypes: C, shape (K, d).
        temperature: tau of Eq. 1.
        size: Rows to draw.
        seed: Seed of the starts.

    Returns:
        Shape (size, d), float64.
    """
    w = np.random.default_rng(seed).standard_normal((size, len(prototypes))) / temperature
    mixtures = np.exp(w - w.max(axis=1, keepdims=True))
    mixtures /= mixtures.sum(axis=1, keepdims=True)
    return mixtures @ prototypes.astype(np.float64)
