"""PRDC coverage, exact for a whole population."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from python_assets.metrics.points import FloatArray, as_point_pair

# Past this, a tree visits most of its nodes and plain distances are faster.
TREE_DIMENSIONS = 12
DISTANCES_AT_ONCE = 2**22


def coverage(
    real: ArrayLike, synthetic: ArrayLike, *, neighbours: int, method: Literal["auto", "tree", "brute"] = "auto"
) -> float:
    """Share of real points with a synthetic point strictly inside their k-nearest-neighbour ball.

    Section 3.4; Naeem et al. 2020 and their ``prdc`` package: the radius of a real point is its distance to its k-th
    neighbour, itself not counted. It is 0 where at least k others share its place, and nothing can cover it.

    Args:
        real: Shape (n, d), n at least k + 2.
        synthetic: Shape (m, d), m at least 1; m need not equal n.
        neighbours: k.
        method: Both are exact. ``tree`` takes about n log n steps in few dimensions (268,000 users in K = 4);
            ``brute`` takes n^2 and a bounded amount of memory; ``auto`` chooses by the dimension.

    Returns:
        In [0, 1].

    Raises:
        ValueError: Too few real rows for k, or input that ``as_point_pair`` refuses.
    """
    real, synthetic = as_point_pair(real, synthetic)
    if neighbours < 1:
        raise ValueError(f"metrics.neighbours must be at least 1, got {neighbours}")
    if len(real) < neighbours + 2:
        raise ValueError(
            f"coverage with metrics.neighbours = {neighbours} needs at least {neighbours + 2} real rows, "
            f"got {len(real)}: lower metrics.neighbours or compare more users"
        )
    use_tree = method == "tree" or (method == "auto" and real.shape[1] <= TREE_DIMENSIONS)
    return (_by_tree if use_tree else _by_brute_force)(real, synthetic, neighbours)


def _by_tree(real: FloatArray, synthetic: FloatArray, neighbours: int) -> float:
    # A tree cannot split equal points, and users without a pair may all share one place: count them instead.
    places, counts = np.unique(real, axis=0, return_counts=True)
    distances, rows = _nearest(places, places, k=min(neighbours + 1, len(places)))
    # Including itself, the k-th neighbour is where k + 1 points are reached.
    reached = counts[rows].cumsum(axis=1) > neighbours
    radii = distances[np.arange(len(places)), reached.argmax(axis=1)]
    nearest = _nearest(np.unique(synthetic, axis=0), places, k=1)[0][:, 0]
    return float(counts[nearest < radii].sum() / len(real))


def _nearest(among: FloatArray, points: FloatArray, *, k: int) -> tuple[FloatArray, NDArray[np.intp]]:
    """Distances to each point's k nearest neighbours, nearest first, and their rows; both of shape (points, k).

    In threads that are waited for: after a Ctrl-C those of scipy (``workers=-1``) go on in arrays that are gone.
    """
    tree, threads = cKDTree(among), os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(lambda rows: tree.query(rows, k=np.arange(1, k + 1)), np.array_split(points, threads))
        distances, rows = zip(*parts, strict=True)
    return np.concatenate(distances), np.concatenate(rows)


def _by_brute_force(real: FloatArray, synthetic: FloatArray, neighbours: int) -> float:
    step = max(1, DISTANCES_AT_ONCE // max(len(real), len(synthetic)))
    covered = 0
    for start in range(0, len(real), step):
        rows = real[start : start + step]
        radii = np.partition(cdist(rows, real), neighbours, axis=1)[:, neighbours]
        covered += int(np.count_nonzero(cdist(rows, synthetic).min(axis=1) < radii))
    return covered / len(real)
