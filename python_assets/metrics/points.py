"""What every metric asks of its input: finite matrices, one row a user, over the same coordinates."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def as_points(values: ArrayLike, *, name: str) -> FloatArray:
    """The values as a float64 matrix.

    Args:
        values: Embeddings, shape (n, d) with n and d at least 1.
        name: What to call them in an error.

    Raises:
        ValueError: Not a matrix, no row or column, or a value that is missing or infinite.
    """
    points = np.asarray(values, dtype=np.float64)
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(f"{name} needs at least one row and one column, but its shape is {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError(f"{name} has missing or infinite values: leave out the rows that have no place")
    return points


def as_point_pair(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Two sets of points over the same coordinates.

    Args:
        x: Shape (n, d).
        y: Shape (m, d).

    Raises:
        ValueError: As ``as_points``, or the two dimensions differ.
    """
    first, second = as_points(x, name="the first population"), as_points(y, name="the second population")
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"the populations have {first.shape[1]} and {second.shape[1]} coordinates: use embeddings of one encoder"
        )
    return first, second


def unit_rows(points: FloatArray) -> FloatArray:
    """Rows scaled to length 1; a row of zeros stays as it is, so that its cosine with anything is 0."""
    norms = np.linalg.norm(points, axis=1, keepdims=True)
    return np.divide(points, norms, out=np.zeros_like(points), where=norms > 0)
