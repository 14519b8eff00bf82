"""Maximum Mean Discrepancy with a permutation test."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import pdist, squareform

from python_assets.metrics.points import FloatArray, as_point_pair

# A permuted statistic this close below the observed one is a tie: kernels lie in [0, 1], so this is rounding.
TIE = 1e-12
PERMUTATIONS_AT_ONCE = 512


class MMD(NamedTuple):
    """Result of ``mmd``.

    Attributes:
        value: Unbiased squared MMD; may be slightly negative for like populations.
        p_value: (1 + permutations that reach the observed value) / (B + 1); None when B is 0.
    """

    value: float
    p_value: float | None


def mmd(x: ArrayLike, y: ArrayLike, *, permutations: int, seed: int) -> MMD:
    """Unbiased squared MMD with a Gaussian kernel (section 3.4; Gretton et al. 2012, Lemma 6).

    The kernel is exp(-|a - b|^2 / (2 h^2)) with h by ``median_bandwidth``. One kernel matrix over the pooled rows
    serves all permutations: a regrouping changes only which of its blocks are summed. Memory grows with
    (n + m)^2, not with the number of permutations.

    Args:
        x: Shape (n, d), n at least 2.
        y: Shape (m, d), m at least 2.
        permutations: B of the test; 0 leaves the test out.
        seed: Seed of the permutations.

    Raises:
        ValueError: Fewer than two rows on a side, or input that ``as_point_pair`` refuses.
    """
    x, y = as_point_pair(x, y)
    if min(len(x), len(y)) < 2:
        raise ValueError(f"MMD needs at least 2 rows in each population, got {len(x)} and {len(y)}: add personas")
    squared = pdist(np.concatenate([x, y]), "sqeuclidean")
    kernel = squareform(np.exp(squared / (-2 * median_bandwidth(squared) ** 2)))
    np.fill_diagonal(kernel, 1.0)

    observed = float(_unbiased(kernel, (np.arange(len(kernel)) < len(x))[None])[0])
    if permutations == 0:
        return MMD(observed, None)
    groups = permutation_groups(len(x), len(y), permutations=permutations, seed=seed)
    blocks = range(0, permutations, PERMUTATIONS_AT_ONCE)
    reached = sum(
        int(np.count_nonzero(_unbiased(kernel, groups[start : start + PERMUTATIONS_AT_ONCE]) >= observed - TIE))
        for start in blocks
    )
    return MMD(observed, (1 + reached) / (permutations + 1))


def median_bandwidth(squared_distances: FloatArray) -> float:
    """h: the median distance over all pairs of different pooled rows (the median heuristic).

    Where more than half of the pairs coincide, it is the median of the positive distances; where all rows
    coincide, it is 1.

    Args:
        squared_distances: Squared distances of the pairs i < j, shape (pairs,).
    """
    median = float(np.median(np.sqrt(squared_distances)))
    if median > 0:
        return median
    positive = squared_distances[squared_distances > 0]
    return float(np.median(np.sqrt(positive))) if positive.size else 1.0


def permutation_groups(n: int, m: int, *, permutations: int, seed: int) -> NDArray[np.bool_]:
    """Random regroupings: True marks the n pooled rows that form the first group, shape (permutations, n + m)."""
    first = np.broadcast_to(np.arange(n + m) < n, (permutations, n + m))
    return np.random.default_rng(seed).permuted(first, axis=1)


def _unbiased(kernel: FloatArray, groups: NDArray[np.bool_]) -> FloatArray:
    """The statistic of each regrouping, shape (groups,), by one product with the kernel matrix."""
    first = groups.astype(np.float64)
    n = int(groups[0].sum())
    m = groups.shape[1] - n
    row_sums = kernel.sum(axis=1)
    within_first = np.einsum("gi,gi->g", first @ kernel, first)
    from_first = first @ row_sums
    cross = from_first - within_first
    within_second = row_sums.sum() - 2 * from_first + within_first
    # The diagonal is 1 throughout; the unbiased form leaves it out.
    return (within_first - n) / (n * (n - 1)) + (within_second - m) / (m * (m - 1)) - 2 * cross / (n * m)
