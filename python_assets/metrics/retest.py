"""How far two encoders that differ only in their seed agree about the same users."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from python_assets.metrics.points import FloatArray, as_points, unit_rows

# Relative size below which what is left of a user is float32 rounding.
ROUNDING = 1e-5


def user_cosine_agreement(a: ArrayLike, b: ArrayLike) -> float | None:
    """Pearson correlation between two encoders' user-user cosines, over pairs of different users.

    Args:
        a: User embeddings of one encoder, shape (users, d).
        b: Those of the other, row for row the same users, shape (users, any dimension).

    Returns:
        In [-1, 1]; None when all cosines of an encoder are alike, so that there is nothing to correlate.

    Raises:
        ValueError: Different numbers of users, fewer than 3, or non-finite input.
    """
    first, second = _same_users(a, b)
    if len(first) < 3:
        raise ValueError(f"a retest needs at least 3 users, got {len(first)}: use a larger corpus")
    pairs = np.triu_indices(len(first), k=1)
    cosines = [(rows @ rows.T)[pairs] for rows in (unit_rows(first), unit_rows(second))]
    centred = np.stack([values - values.mean() for values in cosines])
    return _correlation(centred[:1], centred[1:])


def user_score_agreement(scores_a: ArrayLike, scores_b: ArrayLike) -> float | None:
    """Mean over users of the correlation between two encoders' user-specific scores.

    User-specific: each user's scores standardised over items, minus the mean user. What all users share, such as the
    popularity of items, is gone. Users without any such part in either encoder are left out.

    Args:
        scores_a: One encoder's scores, shape (users, items).
        scores_b: The other's, the same users and items.

    Returns:
        In [-1, 1]; None when no user has scores of its own.

    Raises:
        ValueError: Different shapes, or non-finite input.
    """
    first, second = _same_users(scores_a, scores_b)
    if first.shape != second.shape:
        raise ValueError(f"scores {first.shape} and {second.shape} must be over the same users and items")
    return _correlation(_user_specific(first), _user_specific(second))


def _user_specific(scores: FloatArray) -> FloatArray:
    centred = scores - scores.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    varies = spread > ROUNDING * np.abs(scores).max(axis=1, keepdims=True)
    standard = np.divide(centred, spread, out=np.zeros_like(centred), where=varies)
    if varies.any():
        standard -= np.where(varies, standard[varies[:, 0]].mean(axis=0), 0.0)
    return standard


def _correlation(a: FloatArray, b: FloatArray) -> float | None:
    """Mean over rows of the cosine of two centred rows, leaving out rows that are only rounding."""
    size_a, size_b = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    least = ROUNDING * np.sqrt(a.shape[1])
    kept = (size_a > least) & (size_b > least)
    if not kept.any():
        return None
    return float(((a[kept] * b[kept]).sum(axis=1) / (size_a[kept] * size_b[kept])).mean())


def _same_users(a: ArrayLike, b: ArrayLike) -> tuple[FloatArray, FloatArray]:
    first, second = as_points(a, name="the first encoder's result"), as_points(b, name="the second encoder's result")
    if len(first) != len(second):
        raise ValueError(f"the encoders have {len(first)} and {len(second)} users: match them by user id first")
    return first, second
