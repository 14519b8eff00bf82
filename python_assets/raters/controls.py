"""Control raters: known answers that show what the placement and the metrics make of them, without any LLM.

All return integers from 1 to 5, shape (personas, probes).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from python_assets.seeds import derive_seed

LEVELS = 5
Ratings = NDArray[np.int64]


def perfect(scores: ArrayLike) -> Ratings:
    """The perfect rater: rates every probe by its seed user's own encoder score.

    From the least to the greatest score in five steps of the same width. Levels of the same count would bend the scale, as most
    scores lie near their top, and a placement by correlation would be blamed for that.

    Args:
        scores: Encoder scores of the seed users for the probes, shape (personas, probes).

    Raises:
        ValueError: Not a matrix, or a score that is not a finite number.
    """
    matrix = _as_scores(scores)
    least = matrix.min(axis=1, keepdims=True, initial=np.inf)
    width = matrix.max(axis=1, keepdims=True, initial=-np.inf) - least
    # Who scores everything alike prefers nothing.
    steps = np.divide((matrix - least) * LEVELS, width, out=np.full_like(matrix, LEVELS // 2), where=width > 0)
    return 1 + np.minimum(steps.astype(np.int64), LEVELS - 1)


def popularity(n_reviews: ArrayLike, *, n_personas: int) -> Ratings:
    """Everybody likes what is reviewed most: one shared ranking, no taste of one's own.

    In five levels of equal count, or as near as the number of probes allows: most items have few reviews. Of items with
    equal counts the earlier has the lower level.

    Args:
        n_reviews: Review counts of the probes, shape (probes,).
        n_personas: How many personas.
    """
    counts = _as_scores(np.asarray(n_reviews, dtype=float)[None, :])
    ranks = np.argsort(np.argsort(counts, axis=1, kind="stable"), axis=1, kind="stable")
    return np.repeat(1 + (ranks * LEVELS) // max(counts.shape[1], 1), n_personas, axis=0)


def constant(*, n_personas: int, n_probes: int, rating: int = 3) -> Ratings:
    """The ignorant rater that answers everything alike: it yields no pair and so has no place."""
    return np.full((n_personas, n_probes), rating, dtype=np.int64)


def random(people: Sequence[str], *, n_probes: int, seed: int) -> Ratings:
    """Uniform ratings; whoever else is asked, and in which order, a person answers alike.

    Args:
        people: Whom each row stands for, shape (personas,).
        n_probes: How many probes.
        seed: Seed of the draws; each person derives an own one.
    """
    rows = [np.random.default_rng(derive_seed(seed, who)).integers(1, LEVELS + 1, n_probes) for who in people]
    return np.array(rows, dtype=np.int64).reshape(len(people), n_probes)


def _as_scores(scores: ArrayLike) -> NDArray[np.float64]:
    matrix = np.asarray(scores, dtype=float)
    if matrix.ndim != 2 or not np.all(np.isfinite(matrix)):
        raise ValueError("scores must be a matrix of finite numbers, one row a persona and one column a probe")
    return matrix
