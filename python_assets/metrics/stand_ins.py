"""What perfect stand-ins would score in a population's place: as many of them, for the same users where there are any.

Most scores depend on how many are compared, coverage strongly (with k = 5 a dozen perfect stand-ins cover what five hundred
do not), so a perfect rater of another size says nothing of a population's gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from python_assets.metrics.panel import score_population
from python_assets.study import Metrics, Study


def perfect_population(study: Study) -> str | None:
    """The perfect rater's population, the largest where there are several."""
    found = [population for population in study.populations if population.rater.backend == "perfect"]
    return max(found, key=lambda population: population.size).name if found else None


def perfect_values(
    users: np.ndarray,
    places: Mapping[str, np.ndarray],
    seed_users: Sequence[str | None],
    *,
    n: int,
    settings: Metrics,
    seed: int,
) -> dict[str, float | None]:
    """Scores of n perfect stand-ins against the real users that a population of n rows met.

    Args:
        users: All real users, shape (N, d).
        places: Where the perfect rater's stand-in for a seed user is, shape (d,) each.
        seed_users: For whom the population's placed personas stand, None for nobody.
        n: Rows of the population's score, ``Score.n``.
        settings: Those of the population's score.
        seed: That of the population's score.

    Returns:
        A value by metric; empty when there are fewer than n stand-ins.
    """
    same = [places[user] for user in seed_users if user is not None and user in places]
    stand_ins = np.array(same if len(same) >= n else list(places.values()))
    if len(stand_ins) < n:
        return {}

    def draw(*, size: int, seed: int) -> np.ndarray:
        return stand_ins[np.random.default_rng(seed).permutation(len(stand_ins))[:size]]

    # A sampler is asked for as many rows as the sample has; the test of MMD is not wanted.
    at_n = settings.model_copy(update={"sample_size": n, "permutations": 0})
    return {score.metric: score.value for score in score_population(users, draw, settings=at_n, seed=seed)}
