"""Intra-group cosine homogeneity."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from python_assets.metrics.points import as_points, unit_rows

# Up to here the matrix of all cosines is small, and its deviations lose no digits to cancellation.
MATRIX_ROWS = 2000


class CosineHomogeneity(NamedTuple):
    """Result of ``mean_cosine``.

    Attributes:
        mean: Mean cosine over all pairs of different rows, in [-1, 1].
        std: Standard deviation over those pairs (dividing by their number).
    """

    mean: float
    std: float


def mean_cosine(y: ArrayLike) -> CosineHomogeneity:
    """Mean pairwise cosine of a population, its tightness (section 3.4).

    The mean is (|sum of unit rows|^2 - n) / (n (n - 1)). A row of zeros has cosine 0 with every other. One row is as
    tight as can be: mean 1, std 0. Any n: past 2,000 rows the deviation comes from the d x d matrix of products.

    Args:
        y: Shape (n, d).

    Raises:
        ValueError: Empty or non-finite input.
    """
    rows = unit_rows(as_points(y, name="the population"))
    n = len(rows)
    if n == 1:
        return CosineHomogeneity(1.0, 0.0)
    pairs = n * (n - 1)
    own = np.square(rows).sum(axis=1)
    mean = min(1.0, max(-1.0, float((np.square(rows.sum(axis=0)).sum() - own.sum()) / pairs)))
    if n <= MATRIX_ROWS:
        deviations = rows @ rows.T - mean
        np.fill_diagonal(deviations, 0.0)
        variance = float(np.square(deviations).sum() / pairs)
    else:
        # |R R'|^2 = |R' R|^2 (Frobenius), without the n x n matrix.
        variance = float((np.square(rows.T @ rows).sum() - np.square(own).sum()) / pairs) - mean**2
    return CosineHomogeneity(mean, math.sqrt(max(variance, 0.0)))
