"""The five metrics as one would write them first: prdc, POT, a matrix square root and a loop over permutations."""

from __future__ import annotations

import contextlib
import io
from typing import NamedTuple

import numpy as np
import ot
from prdc import compute_prdc
from scipy.linalg import sqrtm
from scipy.spatial.distance import pdist
from sklearn.metrics.pairwise import cosine_similarity, rbf_kernel


class PlainMMD(NamedTuple):
    """Unbiased squared MMD and its permutation p-value."""

    value: float
    p_value: float


def plain_frechet(x: np.ndarray, y: np.ndarray) -> float:
    """FID form with scipy's matrix square root."""
    first, second = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = sqrtm(first @ second)
    shift = x.mean(axis=0) - y.mean(axis=0)
    return float(shift @ shift + np.trace(first + second) - 2 * np.trace(root).real)


def plain_mmd(x: np.ndarray, y: np.ndarray, orders: np.ndarray) -> PlainMMD:
    """One kernel matrix, then a loop that regroups it.

    Args:
        x: Shape (n, d).
        y: Shape (m, d).
        orders: Permutations of the pooled rows, shape (B, n + m); the first n of each form the first group.
    """
    pooled = np.concatenate([x, y])
    bandwidth = np.median(pdist(pooled))
    kernel = rbf_kernel(pooled, gamma=1 / (2 * bandwidth**2))
    observed = _unbiased(kernel, np.arange(len(pooled)), len(x))
    # Regroupings of duplicates tie with the observed one up to rounding.
    reached = sum(_unbiased(kernel, order, len(x)) >= observed - 1e-12 for order in orders)
    return PlainMMD(observed, (1 + reached) / (1 + len(orders)))


def plain_sliced_wasserstein(x: np.ndarray, y: np.ndarray, projections: np.ndarray) -> float:
    """POT with p = 1 and given unit projections of shape (L, d)."""
    return float(ot.sliced_wasserstein_distance(x, y, projections=projections.T, p=1))


def plain_coverage(x: np.ndarray, y: np.ndarray, neighbours: int) -> float:
    """The prdc package, without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        return float(compute_prdc(x, y, neighbours)["coverage"])


def plain_mean_cosine(y: np.ndarray) -> float:
    """Mean of the upper triangle of all cosines."""
    return float(cosine_similarity(y)[np.triu_indices(len(y), k=1)].mean())


def _unbiased(kernel: np.ndarray, order: np.ndarray, n: int) -> float:
    first, second = order[:n], order[n:]
    m = len(second)
    own_first, own_second = kernel[np.ix_(first, first)], kernel[np.ix_(second, second)]
    return float(
        (own_first.sum() - np.trace(own_first)) / (n * (n - 1))
        + (own_second.sum() - np.trace(own_second)) / (m * (m - 1))
        - 2 * kernel[np.ix_(first, second)].mean()
    )
