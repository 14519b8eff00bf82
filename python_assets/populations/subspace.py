"""Fewer coordinates for the same distances.

With the context fixed, every user and every placed persona is a mixture of K prototypes, so the rows of a population
usually span K of d dimensions. In an orthonormal basis Q (r, d) of that span, x Q' has the same inner products and
distances as x; projections of x onto p are those of x Q' onto Q p.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

ROWS_AT_ONCE = 4096
TOLERANCE = 1e-6
# What the factorisations below may leave of a direction that is not there, as a share of the largest.
ROUNDING = 1e-13


class IsometricCoordinates(NamedTuple):
    """Result of ``isometric_coordinates``.

    Attributes:
        arrays: The inputs in the new coordinates, shapes (n, r), or as they were where nothing is gained.
        basis: Q, shape (r, d); None where nothing is gained.
    """

    arrays: list[FloatArray]
    basis: FloatArray | None


def isometric_coordinates(*arrays: ArrayLike, tolerance: float = TOLERANCE) -> IsometricCoordinates:
    """The arrays in coordinates of their common span, when that halves the dimension at least.

    Args:
        arrays: Each of shape (n, d) with the same d.
        tolerance: See ``row_space``.
    """
    points = [np.asarray(values, dtype=np.float64) for values in arrays]
    basis = row_space(*points, tolerance=tolerance)
    if 2 * len(basis) > basis.shape[1]:
        return IsometricCoordinates(points, None)
    return IsometricCoordinates([to_coordinates(values, basis) for values in points], basis)


def row_space(*arrays: ArrayLike, tolerance: float = TOLERANCE) -> FloatArray:
    """Orthonormal basis of the span of all rows.

    Args:
        arrays: Each of shape (n, d) with the same d.
        tolerance: What may be left out, as a share of the rows' spread about their mean (root of summed squares):
            the default is above the rounding of float32 embeddings and far below any difference that matters.

    Returns:
        Shape (r, d), 1 <= r <= d.
    """
    total, n = np.float64(0.0), 0
    triangle = np.empty((0, np.shape(arrays[0])[1]))
    for block in _blocks(arrays):
        total, n = total + block.sum(axis=0), n + len(block)
        triangle = np.asarray(np.linalg.qr(np.concatenate([triangle, block]), mode="r"))
    spread = np.sqrt(sum(np.square(block - total / n).sum() for block in _blocks(arrays)))
    _, singular, basis = np.linalg.svd(triangle, full_matrices=False)
    left_out = np.sqrt(np.cumsum(np.square(singular[::-1]))[::-1])
    rank = int(np.count_nonzero(left_out > max(tolerance * spread, ROUNDING * singular[0])))
    return basis[: max(rank, 1)]


def to_coordinates(points: ArrayLike, basis: FloatArray) -> FloatArray:
    """x Q', computed so that equal rows stay exactly equal.

    A matrix product may round equal rows differently, depending on where they stand in it, and coverage tells a radius
    of 0 from a tiny one.

    Args:
        points: Shape (n, d).
        basis: Q, shape (r, d).

    Returns:
        Shape (n, r).
    """
    return np.concatenate([_products(block, basis) for block in _blocks([points])])


def _products(block: FloatArray, basis: FloatArray) -> FloatArray:
    result = np.zeros((len(block), len(basis)))
    for column, weights in zip(block.T, basis.T, strict=True):
        result += column[:, None] * weights
    return result


def _blocks(arrays: Sequence[ArrayLike]) -> Iterator[FloatArray]:
    """All rows in float64, a few thousand at a time: a float32 matrix of all users is not copied whole."""
    for values in arrays:
        rows = np.asarray(values)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            yield rows[start : start + ROWS_AT_ONCE].astype(np.float64)
