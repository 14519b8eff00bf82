"""The panel: same values as the single metrics, shared draws, anchors, and populations too small for a metric."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from benchmarks.plain_metrics import (
    plain_coverage,
    plain_frechet,
    plain_mean_cosine,
    plain_mmd,
    plain_sliced_wasserstein,
)
from python_assets.metrics.mmd import permutation_groups
from python_assets.metrics.panel import compare, score_anchors, score_population, score_references
from python_assets.metrics.scores import FGI_METRICS, METRICS, Score
from python_assets.metrics.sliced_wasserstein import random_projections
from python_assets.populations.dirichlet import sample_dirichlet
from python_assets.populations.subspace import isometric_coordinates
from python_assets.study import Metrics
from tests.metrics.clouds import low_rank_clouds, random_clouds

SETTINGS = Metrics(sample_size=40, resamples=3, permutations=50, projections=30)


@pytest.fixture(scope="module")
def populations() -> tuple[np.ndarray, np.ndarray]:
    """300 users and 60 personas of four prototypes in 32 dimensions, float32 as in the warehouse."""
    users, personas = low_rank_clouds(300, 60, rank=4, dimension=32)
    return users.astype(np.float32), personas.astype(np.float32)


@pytest.mark.parametrize("rank", [4, 32], ids=["low_rank", "full_rank"])
def test_comparison_equals_the_plain_metrics(rank: int) -> None:
    x, y = low_rank_clouds(80, 80, rank=rank, dimension=32)
    assert (isometric_coordinates(x, y).basis is None) == (rank == 32)
    projections = random_projections(32, 30, 1)
    orders = np.argsort(~permutation_groups(80, 80, permutations=50, seed=9), axis=1, kind="stable")
    mmd = plain_mmd(x, y, orders)
    result = compare(x, y, settings=SETTINGS, projections=projections, seed=9)
    expected = {
        "fpd": plain_frechet(x, y),
        "mmd": mmd.value,
        "swd": plain_sliced_wasserstein(x, y, projections),
        "coverage": plain_coverage(x, y, 5),
        "cos_mean": plain_mean_cosine(y),
    }
    assert result.values == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert result.p_value == mmd.p_value


def test_cosine_homogeneity_looks_at_500_rows_at_most() -> None:
    x, y = random_clouds(600, 600, 3)
    y[500:] = y[0]
    result = compare(x, y, settings=SETTINGS, projections=random_projections(3, 5, 0), seed=0, test=False)
    assert result.values["cos_mean"] == pytest.approx(plain_mean_cosine(y[:500]))
    assert result.p_value is None


def test_float32_rounding_does_not_hide_the_low_rank() -> None:
    x, y = low_rank_clouds(80, 80, rank=4, dimension=128)
    projections = random_projections(128, 30, 1)
    exact = compare(x, y, settings=SETTINGS, projections=projections, seed=9)
    rounded = compare(x.astype(np.float32), y.astype(np.float32), settings=SETTINGS, projections=projections, seed=9)
    assert isometric_coordinates(x.astype(np.float32), y.astype(np.float32)).arrays[0].shape == (80, 4)
    assert rounded.values == pytest.approx(exact.values, rel=1e-5)


def test_scores_come_in_order_with_intervals(populations: tuple[np.ndarray, np.ndarray]) -> None:
    users, personas = populations
    scores = score_population(users, personas, settings=SETTINGS, seed=1)
    assert [score.metric for score in scores] == list(METRICS)
    for score in scores:
        assert (score.n, score.resamples) == (40, 3)
        assert None not in (score.value, score.ci_low, score.ci_high)
        assert score.ci_low <= score.value <= score.ci_high  # type: ignore[operator]
    assert [score.metric for score in scores if score.p_value is not None] == ["mmd"]
    assert scores == score_population(users, personas, settings=SETTINGS, seed=1)
    assert scores != score_population(users, personas, settings=SETTINGS, seed=2)


def test_a_sampler_is_asked_for_fresh_rows_each_time(populations: tuple[np.ndarray, np.ndarray]) -> None:
    users, _ = populations
    asked: list[tuple[int, int]] = []

    def sampler(*, size: int, seed: int) -> np.ndarray:
        asked.append((size, seed))
        return sample_dirichlet(users, concentration=1.0, anchors=3, size=size, seed=seed)

    scores = score_population(users, sampler, settings=SETTINGS, seed=1)
    assert [size for size, _ in asked] == [40, 40, 40]
    assert len({seed for _, seed in asked}) == 3
    whole = partial(sample_dirichlet, users, concentration=1.0, anchors=3)
    assert scores == score_population(users, whole, settings=SETTINGS, seed=1)


def test_anchors_are_the_references_own_scores(populations: tuple[np.ndarray, np.ndarray]) -> None:
    users, _ = populations
    references = score_references(users, settings=SETTINGS, seed=1)
    anchors = score_anchors(users, n=40, settings=SETTINGS, seed=1)["paper"]
    assert [anchor.metric for anchor in anchors] == list(FGI_METRICS)
    for anchor, floor, ceiling in zip(
        anchors, references["real_subsample"], references["random_baseline"], strict=False
    ):
        assert (anchor.floor_value, anchor.ceiling_value) == (floor.value, ceiling.value)
        assert (anchor.floor_std, anchor.ceiling_std) == (floor.std, ceiling.std)


def test_real_users_score_better_than_personas_and_noise(populations: tuple[np.ndarray, np.ndarray]) -> None:
    users, personas = populations
    found = score_references(users, settings=SETTINGS, seed=1)
    found["personas"] = score_population(users, personas, settings=SETTINGS, seed=1)
    by_metric = {name: {s.metric: s.value or 0.0 for s in scores} for name, scores in found.items()}
    for other in ("personas", "random_baseline"):
        for metric in ("fpd", "mmd", "swd"):
            assert by_metric["real_subsample"][metric] < by_metric[other][metric]
        assert by_metric["real_subsample"]["coverage"] > by_metric[other]["coverage"]
    assert by_metric["personas"]["cos_mean"] > by_metric["real_subsample"]["cos_mean"]
    p_values = {name: scores[1].p_value for name, scores in found.items()}
    assert p_values["real_subsample"] > 0.05  # type: ignore[operator]
    assert p_values["personas"] == pytest.approx(1 / 51)


def test_the_ceiling_is_drawn_afresh_in_each_resample(populations: tuple[np.ndarray, np.ndarray]) -> None:
    users, _ = populations
    cosines = score_references(users, settings=SETTINGS, seed=1)["random_baseline"][4]
    # Cosine homogeneity looks at the noise alone, so it varies only if the noise does.
    assert cosines.std is not None
    assert cosines.std > 1e-4


@pytest.mark.parametrize(("size", "undefined"), [(1, {"mmd", "coverage", "cos_mean"}), (6, {"coverage"}), (7, set())])
def test_small_populations_get_what_is_defined_and_never_nan(
    populations: tuple[np.ndarray, np.ndarray], size: int, undefined: set[str]
) -> None:
    users, personas = populations
    scores = score_population(users, personas[:size], settings=SETTINGS, seed=1)
    assert {score.metric for score in scores if score.value is None} == undefined
    anchors = score_anchors(users, n=size, settings=SETTINGS, seed=1)["paper"]
    assert {anchor.metric for anchor in anchors} == set(FGI_METRICS) - undefined
    assert all(score.n == size for score in scores)
    assert not any(_is_nan(value) for score in scores for value in score)


@pytest.mark.parametrize("place", ["one_place", "duplicates", "origin"])
def test_collapsed_populations_have_finite_scores(populations: tuple[np.ndarray, np.ndarray], place: str) -> None:
    users, personas = populations
    collapsed = {
        "one_place": np.repeat(personas[:1], 60, axis=0),
        "duplicates": np.repeat(personas[:2], 30, axis=0),
        "origin": np.zeros_like(personas),
    }[place]
    scores = score_population(users, collapsed, settings=SETTINGS, seed=1)
    assert all(score.value is not None and math.isfinite(score.value) for score in scores)
    assert scores[4].value == pytest.approx({"one_place": 1.0, "origin": 0.0}.get(place, scores[4].value), abs=1e-6)


def test_users_who_all_share_one_place_have_finite_scores() -> None:
    users = np.full((100, 16), 0.25, dtype=np.float32)
    references = score_references(users, settings=SETTINGS, seed=1)
    values = {s.metric: s.value for s in references["real_subsample"]}
    assert values == pytest.approx({"fpd": 0, "mmd": 0, "swd": 0, "coverage": 0, "cos_mean": 1}, abs=1e-9)
    assert references["real_subsample"][1].p_value == 1.0


@pytest.mark.parametrize("dimension", [1, 2, 40])
def test_any_dimension_works(dimension: int) -> None:
    users, personas = random_clouds(100, 30, dimension)
    scores: list[Score] = score_population(users, personas, settings=SETTINGS, seed=0)
    assert all(score.value is not None for score in scores)
    assert scores[0].n == 30


def test_errors_say_what_to_do(populations: tuple[np.ndarray, np.ndarray]) -> None:
    users, personas = populations
    with pytest.raises(ValueError, match="1 placed persona, got 300 and 0"):
        score_population(users, personas[:0], settings=SETTINGS, seed=1)
    with pytest.raises(ValueError, match="anchors of 200 rows need 400 real users, got 300"):
        score_anchors(users, n=200, settings=SETTINGS, seed=1)
    with pytest.raises(ValueError, match="32 and 31 coordinates"):
        score_population(users, personas[:, :31], settings=SETTINGS, seed=1)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
