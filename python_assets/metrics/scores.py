"""What a score is, and which rows it is made from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from python_assets.seeds import derive_seed

METRICS = ("fpd", "mmd", "swd", "coverage", "cos_mean")
FGI_METRICS = METRICS[:4]
CONFIDENCE = 0.95
# Draws that differ by less than this share of their mean differ by nothing but rounding.
ROUNDING = 1e-12
# What a metric can be. The estimate of MMD^2 is unbiased and so may be negative.
RANGES = {
    "fpd": (0.0, math.inf),
    "mmd": (-math.inf, math.inf),
    "swd": (0.0, math.inf),
    "coverage": (0.0, 1.0),
    "cos_mean": (-1.0, 1.0),
}

Rows = NDArray[np.int64]


class Score(NamedTuple):
    """One metric of one population over all resamples.

    Attributes:
        metric: One of ``METRICS``.
        value: Mean over resamples; None where the metric is not defined at this n (``is_defined``).
        std: Standard deviation over resamples (R - 1); None with one resample.
        ci_low: Lower end of the 95% interval of the mean over draws of real users (Student's t over resamples), cut to
            what the metric can be; None with one resample, and where all draws agree. It says nothing of other personas of the
            kind.
        ci_high: Its upper end.
        p_value: MMD only: median over resamples of the permutation p-value.
        n: Rows of each of the two sets.
        resamples: R.
    """

    metric: str
    value: float | None
    std: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    n: int
    resamples: int


class Anchor(NamedTuple):
    """The floor and the ceiling of one metric (Eq. 6 and 7), with standard deviations over resamples (None with one)."""

    metric: str
    floor_value: float
    ceiling_value: float
    floor_std: float | None
    ceiling_std: float | None


def sample_size(n_users: int, n_population: int, requested: int) -> int:
    """n of both sets: as many as asked for, as the population has, and as half the users.

    Raises:
        ValueError: Fewer than two users, or an empty population.
    """
    if n_users < 2 or n_population < 1:
        raise ValueError(
            f"a score needs at least 2 real users and 1 placed persona, got {n_users} and {n_population}: "
            "check the corpus and the ratings of this population"
        )
    return min(requested, n_population, n_users // 2)


def draw_references(n_users: int, *, size: int, resamples: int, seed: int) -> list[tuple[Rows, Rows]]:
    """Row numbers of the reference X and of the floor (other real users), disjoint, for every resample.

    With fewer than ``2 * size`` users each gets half of them. The draws are nested: those of a smaller size are the
    first rows of those of a larger one, so populations of different sizes meet the same users.

    Args:
        n_users: N.
        size: Rows wanted of each.
        resamples: R.
        seed: Seed shared by everything that is to be compared.
    """
    n = sample_size(n_users, size, size)
    draws = []
    for resample in range(resamples):
        order = np.random.default_rng(derive_seed(seed, "reference", resample)).permutation(n_users)
        draws.append((order[:n], order[::-1][:n]))
    return draws


def is_defined(metric: str, *, n: int, neighbours: int) -> bool:
    """Whether a metric has a value at this n."""
    return n >= {"mmd": 2, "coverage": neighbours + 2, "cos_mean": 2}.get(metric, 1)


def summarise(metric: str, values: Sequence[float | None], p_values: Sequence[float | None], *, n: int) -> Score:
    """Mean, deviation and 95% interval over resamples.

    Args:
        metric: One of ``METRICS``.
        values: One a resample; None where undefined, which is so for all or for none.
        p_values: One a resample, for MMD; empty or None otherwise.
        n: Rows of each set.
    """
    resamples = len(values)
    known = [value for value in values if value is not None]
    tested = [p_value for p_value in p_values if p_value is not None]
    p_value = float(np.median(tested)) if tested else None
    if not known:
        return Score(metric, None, None, None, None, None, n, resamples)
    mean = float(np.mean(known))
    if resamples == 1:
        return Score(metric, mean, None, None, None, p_value, n, resamples)
    std = float(np.std(known, ddof=1))
    if max(known) - min(known) <= ROUNDING * abs(mean):
        # A coverage of a few dozen users takes few values, so that draws may agree by chance: no answer is better than no width.
        return Score(metric, mean, std, None, None, p_value, n, resamples)
    half = float(t.ppf((1 + CONFIDENCE) / 2, resamples - 1)) * std / math.sqrt(resamples)
    least, most = RANGES[metric]
    # Rounding may put a mean just outside of its range; its interval holds it still.
    low, high = min(mean, max(least, mean - half)), max(mean, min(most, mean + half))
    return Score(metric, mean, std, low, high, p_value, n, resamples)
