"""Sliced Wasserstein distance over recorded projections."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from python_assets.metrics.points import FloatArray, as_point_pair, as_points, unit_rows

PROJECTED_VALUES_AT_ONCE = 2**22


def random_projections(dimension: int, count: int, seed: int) -> FloatArray:
    """Unit vectors in uniformly random directions.

    Args:
        dimension: d.
        count: L.
        seed: Recorded with the score; the same seed gives the same matrix.

    Returns:
        Shape (count, dimension).
    """
    return unit_rows(np.random.default_rng(seed).standard_normal((count, dimension)))


def sliced_wasserstein(x: ArrayLike, y: ArrayLike, projections: ArrayLike) -> float:
    """Mean over the projections of the 1-D Wasserstein distance W1 (section 3.4).

    The value depends on the dimension of the ambient space, not only on the points: seen from d dimensions, a
    K-dimensional cloud shrinks by about sqrt(K / d) in a random direction. Compare only values of the same d. Points
    given in K isometric coordinates keep their d-dimensional value if the projections are mapped alike, P Q'.

    Args:
        x: Shape (n, d).
        y: Shape (m, d); sizes may differ.
        projections: Shape (L, d), of unit length in the ambient space.

    Returns:
        The distance in units of the embedding; POT's ``sliced_wasserstein_distance`` with p = 1.

    Raises:
        ValueError: Input that ``as_point_pair`` refuses, or projections of another dimension.
    """
    x, y = as_point_pair(x, y)
    directions = as_points(projections, name="the projections")
    if directions.shape[1] != x.shape[1]:
        raise ValueError(f"projections have {directions.shape[1]} coordinates but the populations {x.shape[1]}")
    step = max(1, PROJECTED_VALUES_AT_ONCE // (len(x) + len(y)))
    blocks = (directions[start : start + step] for start in range(0, len(directions), step))
    total = sum(float(_wasserstein_rows(block @ x.T, block @ y.T).sum()) for block in blocks)
    return total / len(directions)


def _wasserstein_rows(a: FloatArray, b: FloatArray) -> FloatArray:
    """W1 between the samples in row i of ``a`` (L, n) and row i of ``b`` (L, m), for every i."""
    a, b = np.sort(a, axis=1), np.sort(b, axis=1)
    n, m = a.shape[1], b.shape[1]
    if n == m:
        return np.abs(a - b).mean(axis=1)
    # Both quantile functions are constant between neighbouring levels of the merged grid i/n, j/m.
    levels = np.sort(np.concatenate([[0.0], np.arange(1, n + 1) / n, np.arange(1, m + 1) / m]))
    middles = (levels[1:] + levels[:-1]) / 2
    rank_a = np.minimum((middles * n).astype(int), n - 1)
    rank_b = np.minimum((middles * m).astype(int), m - 1)
    return np.abs(a[:, rank_a] - b[:, rank_b]) @ np.diff(levels)
