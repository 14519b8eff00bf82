"""What draws a population that needs no persona."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Sampler(Protocol):
    """Draws a fresh population: rows of shape (size, d), the same for the same seed."""

    def __call__(self, *, size: int, seed: int) -> NDArray[np.float64]: ...
