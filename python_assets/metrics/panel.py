"""The five metrics of section 3.4 on a population, over several draws of real users.

Everything that is compared shares one seed: it fixes the references X, the floor, the random baseline, the projections
and the permutations. Two populations of the same size thus meet the same X, and the floor and the ceiling of ``n`` rows
are exactly the scores of ``real_subsample`` and ``random_baseline`` at that ``n``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from python_assets.metrics.cosine import mean_cosine
from python_assets.metrics.coverage import coverage
from python_assets.metrics.frechet import frechet_distance
from python_assets.metrics.mmd import mmd
from python_assets.metrics.points import FloatArray, as_point_pair
from python_assets.metrics.scores import (
    FGI_METRICS,
    METRICS,
    Anchor,
    Score,
    draw_references,
    is_defined,
    sample_size,
    summarise,
)
from python_assets.metrics.sliced_wasserstein import random_projections, sliced_wasserstein
from python_assets.populations.random_gaussian import fit_random_gaussian, fit_spanned_gaussian
from python_assets.populations.sampler import Sampler
from python_assets.populations.subspace import isometric_coordinates
from python_assets.seeds import derive_seed
from python_assets.study import Metrics

COSINE_ROWS = 500


class Comparison(NamedTuple):
    """The five metrics of one pair of sets; None where a metric is not defined at their size."""

    values: dict[str, float | None]
    p_value: float | None


def compare(
    x: ArrayLike, y: ArrayLike, *, settings: Metrics, projections: FloatArray, seed: int, test: bool = True
) -> Comparison:
    """All five metrics of a synthetic set against a real one.

    The work is done in the rows' own span (see ``populations/subspace.py``), which changes no value.

    Args:
        x: Real users, shape (n, d).
        y: The population, shape (m, d).
        settings: Permutations and neighbours.
        projections: Of the d-dimensional space, shape (L, d).
        seed: Seed of the permutations.
        test: Whether to run the permutation test of MMD.
    """
    (x, y), basis = isometric_coordinates(*as_point_pair(x, y))
    directions = projections if basis is None else projections @ basis.T
    n, k = min(len(x), len(y)), settings.neighbours
    values: dict[str, float | None] = dict.fromkeys(METRICS)
    p_value = None
    values["fpd"] = frechet_distance(x, y)
    if is_defined("mmd", n=n, neighbours=k):
        values["mmd"], p_value = mmd(x, y, permutations=settings.permutations if test else 0, seed=seed)
    values["swd"] = sliced_wasserstein(x, y, directions)
    if is_defined("coverage", n=len(x), neighbours=k):
        values["coverage"] = coverage(x, y, neighbours=k)
    if is_defined("cos_mean", n=len(y), neighbours=k):
        values["cos_mean"] = mean_cosine(y[:COSINE_ROWS]).mean
    return Comparison(values, p_value)


def score_population(
    users: np.ndarray, population: np.ndarray | Sampler, *, settings: Metrics, seed: int
) -> list[Score]:
    """Score a population against the real users, at n = min(sample size, population, half the users) rows.

    Args:
        users: All real users, shape (N, d).
        population: Placed personas, shape (P, d), of which each resample takes n without replacement; or a sampler,
            which each resample asks for n fresh rows.
        settings: Sample size, resamples and the metrics' settings.
        seed: Shared by all populations of a split and instrument; see the module's docstring.

    Returns:
        One score a metric, in the order of ``METRICS``; the cosine of a whole population has no interval, as it does not
        depend on the draw.

    Raises:
        ValueError: Fewer than two users, an empty population, other dimensions, or non-finite rows.
    """
    n_population = settings.sample_size if callable(population) else len(population)
    n = sample_size(len(users), n_population, settings.sample_size)

    def draw(resample: int, floor: FloatArray) -> FloatArray:
        own = derive_seed(seed, "population", resample)
        if callable(population):
            return population(size=n, seed=own)
        return population[np.random.default_rng(own).permutation(len(population))[:n]]

    scores = _summaries(_compare_draws(users, draw, n=n, settings=settings, seed=seed), n)
    if callable(population) or n < len(population):
        return scores
    # Every draw holds all personas, and this metric looks at nobody else: an interval of no width would be no answer.
    return [s._replace(std=None, ci_low=None, ci_high=None) if s.metric == "cos_mean" else s for s in scores]


def score_references(users: np.ndarray, *, settings: Metrics, seed: int) -> dict[str, list[Score]]:
    """Scores of held-out real users (``real_subsample``) and of moment-matched noise (``random_baseline``).

    Args:
        users: All real users, shape (N, d).
        settings: As in ``score_population``.
        seed: The populations' seed.
    """
    n = sample_size(len(users), settings.sample_size, settings.sample_size)
    draws = {"real_subsample": _held_out, "random_baseline": _fresh(fit_random_gaussian(users), n, seed)}
    return {
        name: _summaries(_compare_draws(users, draw, n=n, settings=settings, seed=seed), n)
        for name, draw in draws.items()
    }


def score_anchors(users: np.ndarray, *, n: int, settings: Metrics, seed: int) -> dict[str, list[Anchor]]:
    """Floor and ceilings of Eq. 6 and 7 for populations of n rows.

    The ceilings stand for no preference structure: ``paper``, the moment-matched diagonal Gaussian, and ``on_manifold``,
    noise of the same total variance in the users' span.

    Args:
        users: All real users, shape (N, d).
        n: Rows of the population's score, ``Score.n``.
        settings: As in ``score_population``.
        seed: The populations' seed.

    Returns:
        For each ceiling one anchor for each of FPD, MMD, SWD and coverage that is defined at n; they share the floor.

    Raises:
        ValueError: n exceeds half the users.
    """
    if n > len(users) // 2:
        raise ValueError(f"anchors of {n} rows need {2 * n} real users, got {len(users)}: pass the score's own n")
    ceilings: dict[str, Sampler] = {"paper": fit_random_gaussian(users), "on_manifold": fit_spanned_gaussian(users)}

    def values(draw: Draw) -> list[Score]:
        return _summaries(_compare_draws(users, draw, n=n, settings=settings, seed=seed, test=False), n)

    floor = values(_held_out)
    return {
        name: [
            Anchor(low.metric, low.value, high.value, low.std, high.std)
            for low, high in zip(floor, values(_fresh(noise, n, seed)), strict=True)
            if low.metric in FGI_METRICS and low.value is not None and high.value is not None
        ]
        for name, noise in ceilings.items()
    }


Draw = Callable[[int, FloatArray], np.ndarray]


def _held_out(resample: int, floor: FloatArray) -> FloatArray:
    return floor


def _fresh(sampler: Sampler, n: int, seed: int) -> Draw:
    return lambda resample, floor: sampler(size=n, seed=derive_seed(seed, "ceiling", resample))


def _compare_draws(
    users: np.ndarray, draw: Draw, *, n: int, settings: Metrics, seed: int, test: bool = True
) -> list[Comparison]:
    """Compare each resample's reference with what ``draw(resample, floor rows)`` gives."""
    projections = random_projections(users.shape[1], settings.projections, derive_seed(seed, "projections"))
    references = draw_references(len(users), size=n, resamples=settings.resamples, seed=seed)
    # These matrices are small: more threads gain little on an idle machine, and on a busy one they wait for each other.
    with threadpool_limits(limits=1, user_api="blas"):
        return [
            compare(
                users[reference],
                draw(resample, users[floor]),
                settings=settings,
                projections=projections,
                seed=derive_seed(seed, "permutations", resample),
                test=test,
            )
            for resample, (reference, floor) in enumerate(references)
        ]


def _summaries(comparisons: list[Comparison], n: int) -> list[Score]:
    p_values = [comparison.p_value for comparison in comparisons]
    return [
        summarise(metric, [c.values[metric] for c in comparisons], p_values if metric == "mmd" else [], n=n)
        for metric in METRICS
    ]
