"""A population is held against as many perfect stand-ins as it has personas, of the same users where it has any."""

from __future__ import annotations

import numpy as np
import pytest

from python_assets.metrics.panel import score_anchors, score_population
from python_assets.metrics.stand_ins import perfect_population, perfect_values
from python_assets.populations.random_gaussian import fit_random_gaussian, fit_spanned_gaussian
from python_assets.study import Metrics, Study

PROTOTYPES = np.random.default_rng(1).normal(size=(4, 32))
USERS = np.random.default_rng(2).dirichlet([2, 1, 1, 1], 300) @ PROTOTYPES
# Perfect stand-ins, but nearer to the mean than their users.
PLACES = {f"u{number}": 0.6 * USERS[number] + 0.4 * USERS.mean(axis=0) for number in range(100)}
SETTINGS = Metrics(resamples=3, permutations=20, projections=20, sample_size=150)


def values(seed_users: list[str | None], n: int, places: dict[str, np.ndarray] = PLACES) -> dict[str, float | None]:
    return perfect_values(USERS, places, seed_users, n=n, settings=SETTINGS, seed=5)


def test_perfect_personas_miss_nothing_that_perfect_stand_ins_of_their_users_do_not() -> None:
    own = [f"u{number}" for number in range(20, 32)]
    personas = np.array([PLACES[user] for user in own])
    scores = {s.metric: s.value for s in score_population(USERS, personas, settings=SETTINGS, seed=5)}
    assert values([*own], 12) == pytest.approx(scores, abs=1e-12)
    # All of them together cover less of as many users.
    everyone = {
        s.metric: s.value for s in score_population(USERS, np.array([*PLACES.values()]), settings=SETTINGS, seed=5)
    }
    assert everyone["coverage"] is not None
    assert scores["coverage"] is not None
    assert everyone["coverage"] < scores["coverage"] - 0.1


def test_without_seed_users_any_stand_ins_are_taken_and_too_few_are_none() -> None:
    assert values([None] * 12, 12)["coverage"] == pytest.approx(values(["nobody"] * 12, 12)["coverage"])
    assert values([f"u{number}" for number in range(12)], 12) != values([None] * 12, 12)
    assert values([None] * 150, 101) == {}


def test_the_largest_perfect_rater_counts() -> None:
    control = {"condition": "control"}
    populations = [
        {"name": "popular", **control, "rater": {"backend": "popularity"}, "size": 900},
        {"name": "small", **control, "rater": {"backend": "perfect"}, "size": 5},
        {"name": "large", **control, "rater": {"backend": "perfect"}, "size": 50},
    ]
    study = {"name": "s", "sources": [{"category": "B", "reviews": "b.jsonl"}], "splits": {"B": ["B"]}}
    assert perfect_population(Study.model_validate({**study, "populations": populations})) == "large"
    assert perfect_population(Study.model_validate({**study, "populations": populations[:1]})) is None


def test_noise_on_the_users_span_has_their_moments_and_stays_there() -> None:
    sampler = fit_spanned_gaussian(USERS)
    drawn = sampler(size=200_000, seed=3)
    np.testing.assert_allclose(drawn.mean(axis=0), USERS.mean(axis=0), atol=0.02)
    assert np.trace(np.cov(drawn.T)) == pytest.approx(np.trace(np.cov(USERS.T, ddof=0)), rel=0.01)
    # Mixtures add up to one: users of four prototypes differ in three directions, and the noise is alike in all of them.
    spread = np.linalg.eigvalsh(np.cov(drawn.T))[::-1]
    np.testing.assert_allclose(spread[:3], spread[0], rtol=0.02)
    np.testing.assert_allclose(spread[3:], 0, atol=1e-9)
    assert np.linalg.matrix_rank(np.vstack([USERS, drawn[:500]]), tol=1e-6) == 4
    assert np.linalg.matrix_rank(fit_random_gaussian(USERS)(size=500, seed=3)) == 32
    np.testing.assert_array_equal(sampler(size=5, seed=3), sampler(size=5, seed=3))


def test_the_second_ceiling_is_nearer_to_real_users() -> None:
    paper, spanned = (
        {anchor.metric: anchor for anchor in anchors}
        for anchors in score_anchors(USERS, n=100, settings=SETTINGS, seed=5).values()
    )
    assert spanned["coverage"].floor_value == paper["coverage"].floor_value
    assert spanned["coverage"].ceiling_value > paper["coverage"].ceiling_value + 0.2
    assert spanned["fpd"].ceiling_value < paper["fpd"].ceiling_value
