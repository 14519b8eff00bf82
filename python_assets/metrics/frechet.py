"""Frechet Preference Distance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from python_assets.metrics.points import FloatArray, as_point_pair


def frechet_distance(x: ArrayLike, y: ArrayLike) -> float:
    """|mu_X - mu_Y|^2 + Tr(S_X + S_Y - 2 (S_X S_Y)^(1/2)), the FPD of section 3.4 (FID form, squared).

    Covariances divide by n - 1; one row has covariance 0. With S_X = A'A and S_Y = B'B, the square roots of the
    eigenvalues of S_X S_Y are the singular values of A B'. They stay exact where covariances are rank-deficient,
    which is the rule here: users span K of d dimensions, and a matrix square root loses half the digits there.

    Args:
        x: Shape (n, d).
        y: Shape (m, d).

    Returns:
        The distance, in squared units of the embedding, at least 0.

    Raises:
        ValueError: Empty or non-finite input, or different dimensions.
    """
    x, y = as_point_pair(x, y)
    shift = x.mean(axis=0) - y.mean(axis=0)
    a, b = _covariance_factor(x), _covariance_factor(y)
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    value = shift @ shift + np.square(a).sum() + np.square(b).sum() - 2 * cross
    return max(float(value), 0.0)


def _covariance_factor(points: FloatArray) -> FloatArray:
    """A matrix F with F'F the covariance and no more rows than columns."""
    n, dimension = points.shape
    if n == 1:
        return np.zeros((1, dimension))
    centred = (points - points.mean(axis=0)) / math.sqrt(n - 1)
    return np.asarray(np.linalg.qr(centred, mode="r")) if n > dimension else centred
