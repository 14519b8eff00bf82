"""Paired metrics: each grounded persona against the user it was made from (section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from python_assets.metrics.points import FloatArray, as_point_pair, unit_rows

REDRAWS = 20


class PairDistances(NamedTuple):
    """Result of ``pair_distances``.

    Attributes:
        cosine: 1 - cosine of each pair, shape (P,), in [0, 2].
        l2: Euclidean distance of each pair, shape (P,).
    """

    cosine: FloatArray
    l2: FloatArray


class RankAccuracy(NamedTuple):
    """Result of ``rank_accuracy``.

    Attributes:
        value: Share of triplets ordered alike, in [0, 1]; None when every triplet drawn was tied.
        n_triplets: Triplets without a tie that were compared.
    """

    value: float | None
    n_triplets: int


class RatingCorrelation(NamedTuple):
    """Result of ``rating_correlation``.

    Attributes:
        mean: Mean Pearson correlation over the personas used; None without any.
        std: Its standard deviation over personas (n - 1); None with fewer than two.
        n_used: Personas with a correlation.
        n_constant: Personas without one, because the ratings given (or the seed's scores there) do not vary.
    """

    mean: float | None
    std: float | None
    n_used: int
    n_constant: int


def pair_distances(personas: ArrayLike, seeds: ArrayLike) -> PairDistances:
    """Cosine and L2 distance of each persona from its seed user.

    Args:
        personas: Persona embeddings, shape (P, d).
        seeds: Their seed users' embeddings, row for row, shape (P, d). A row of zeros has cosine 0, distance 1.

    Raises:
        ValueError: Different shapes, or input that ``as_point_pair`` refuses.
    """
    personas, seeds = as_point_pair(personas, seeds)
    _same_shape(personas, seeds)
    cosine = np.clip((unit_rows(personas) * unit_rows(seeds)).sum(axis=1), -1.0, 1.0)
    return PairDistances(1.0 - cosine, np.linalg.norm(personas - seeds, axis=1))


def rank_accuracy(persona_scores: ArrayLike, seed_scores: ArrayLike, *, triplets: int, seed: int) -> RankAccuracy:
    """Share of random (persona, item, item) triplets that persona and seed user order alike.

    A triplet whose two items tie on either side says nothing and is drawn again, in up to 20 rounds; so a constant
    persona contributes none, and fewer than ``triplets`` may remain.

    Args:
        persona_scores: Encoder scores of the items at the personas' places, shape (P, items), items at least 2.
        seed_scores: The same at the seed users' places.
        triplets: How many to compare (10,000 in the paper).
        seed: Seed of the draw.

    Raises:
        ValueError: Different shapes, one item only, or input that ``as_point_pair`` refuses.
    """
    mine, theirs = as_point_pair(persona_scores, seed_scores)
    _same_shape(mine, theirs)
    n_personas, n_items = mine.shape
    if n_items < 2:
        raise ValueError("rank accuracy needs at least 2 items: score more of the catalogue")
    rng = np.random.default_rng(seed)
    agreed = compared = 0
    for _ in range(REDRAWS):
        wanted = triplets - compared
        persona = rng.integers(n_personas, size=wanted)
        first = rng.integers(n_items, size=wanted)
        # A shift of 1 to items - 1 gives every other item the same chance.
        second = (first + rng.integers(1, n_items, size=wanted)) % n_items
        my_order = np.sign(mine[persona, first] - mine[persona, second])
        their_order = np.sign(theirs[persona, first] - theirs[persona, second])
        orders = my_order * their_order
        agreed += int(np.count_nonzero(orders > 0))
        compared += int(np.count_nonzero(orders))
        if compared == triplets:
            break
    return RankAccuracy(agreed / compared if compared else None, compared)


def somebody_else(people: Sequence[str]) -> NDArray[np.int64] | None:
    """For each row another one that stands for another person; None where half of the rows or more stand for one.

    Args:
        people: For whom each row stands, shape (P,).
    """
    _, places, counts = np.unique(np.asarray(people), return_inverse=True, return_counts=True)
    # Rows of one person are neighbours in this order, so that a step as long as the longest stretch leaves each.
    order, step = np.argsort(places, kind="stable"), int(counts.max())
    if 2 * step > len(order):
        return None
    others = np.empty(len(order), dtype=np.int64)
    others[order] = np.roll(order, -step)
    return others


def rating_correlation(ratings: ArrayLike, seed_scores: ArrayLike) -> RatingCorrelation:
    """Pearson correlation of each persona's ratings with its seed user's encoder scores on the probes.

    Args:
        ratings: Shape (P, M); NaN where an answer is missing.
        seed_scores: Encoder scores of the seed users, row for row, shape (P, M).

    Raises:
        ValueError: Different shapes, or scores that are missing.
    """
    given, scores = np.asarray(ratings, dtype=np.float64), np.asarray(seed_scores, dtype=np.float64)
    _same_shape(given, scores)
    if not np.isfinite(scores).all():
        raise ValueError("seed users' scores have missing or infinite values: score every probe item")
    rated = ~np.isnan(given)
    varies = _varies(given, rated) & _varies(scores, rated)
    mine, theirs = _centred(given, rated)[varies], _centred(scores, rated)[varies]
    lengths = np.linalg.norm(mine, axis=1) * np.linalg.norm(theirs, axis=1)
    correlations = (mine * theirs).sum(axis=1) / lengths
    n_used = len(correlations)
    return RatingCorrelation(
        mean=float(correlations.mean()) if n_used else None,
        std=float(correlations.std(ddof=1)) if n_used > 1 else None,
        n_used=n_used,
        n_constant=len(given) - n_used,
    )


def count_constant(ratings: ArrayLike) -> int:
    """Personas that gave two answers or more, all of them the same.

    Args:
        ratings: Of all personas, with a place or without, shape (P, M); NaN where an answer is missing.
    """
    given = np.asarray(ratings, dtype=np.float64)
    rated = ~np.isnan(given)
    return int(np.count_nonzero((rated.sum(axis=1) > 1) & ~_varies(given, rated)))


def norm_ratio(personas: ArrayLike, users: ArrayLike) -> float:
    """Mean L2 norm of the personas over mean L2 norm of the real users (Figure 7).

    Raises:
        ValueError: All users lie at the origin, or input that ``as_point_pair`` refuses.
    """
    personas, users = as_point_pair(personas, users)
    length = float(np.linalg.norm(users, axis=1).mean())
    if length == 0:
        raise ValueError("all real users have norm 0, so there is no norm ratio: train the encoder first")
    return float(np.linalg.norm(personas, axis=1).mean()) / length


def _varies(values: FloatArray, rated: np.ndarray) -> np.ndarray:
    """Rows whose rated values differ by more than rounding."""
    high = np.where(rated, values, -np.inf).max(axis=1, initial=-np.inf)
    low = np.where(rated, values, np.inf).min(axis=1, initial=np.inf)
    return high - low > 1e-9 * np.maximum(np.abs(high), np.abs(low))


def _centred(values: FloatArray, rated: np.ndarray) -> FloatArray:
    """Rows minus their mean over the rated entries; 0 elsewhere."""
    known = np.where(rated, values, 0.0)
    mean = known.sum(axis=1, keepdims=True) / np.maximum(rated.sum(axis=1, keepdims=True), 1)
    return np.where(rated, values - mean, 0.0)


def _same_shape(personas: FloatArray, seeds: FloatArray) -> None:
    if personas.shape != seeds.shape:
        raise ValueError(f"personas {personas.shape} and seeds {seeds.shape} must match row for row")
