"""Draws of references, sizes and summaries over resamples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from python_assets.metrics.scores import draw_references, is_defined, sample_size, summarise
from tests.metrics.clouds import repeatable


@repeatable
@given(n_users=st.integers(2, 300), size=st.integers(1, 200))
def test_reference_and_floor_are_disjoint_and_of_equal_size(n_users: int, size: int) -> None:
    for reference, floor in draw_references(n_users, size=size, resamples=3, seed=1):
        assert len(reference) == len(floor) == min(size, n_users // 2)
        assert len(np.union1d(reference, floor)) == 2 * len(reference)
        assert max(reference.max(), floor.max()) < n_users


def test_draws_are_nested_repeatable_and_different_in_each_resample() -> None:
    large = draw_references(2000, size=500, resamples=5, seed=7)
    small = draw_references(2000, size=100, resamples=5, seed=7)
    for (reference, floor), (first, other) in zip(large, small, strict=True):
        assert (reference[:100] == first).all()
        assert (floor[:100] == other).all()
    assert len({tuple(reference) for reference, _ in large}) == 5
    assert (large[0][0] == draw_references(2000, size=500, resamples=1, seed=7)[0][0]).all()
    assert (large[0][0] != draw_references(2000, size=500, resamples=1, seed=8)[0][0]).any()


def test_every_user_has_the_same_chance_on_either_side() -> None:
    counts = np.zeros((2, 40))
    for reference, floor in draw_references(40, size=10, resamples=2000, seed=0):
        counts[0, reference] += 1
        counts[1, floor] += 1
    assert counts / 2000 == pytest.approx(np.full((2, 40), 0.25), abs=0.05)


def test_sample_size_is_the_least_of_three() -> None:
    assert sample_size(268_000, 500, 500) == 500
    assert sample_size(253, 500, 500) == 126
    assert sample_size(5000, 80, 500) == 80
    with pytest.raises(ValueError, match="at least 2 real users and 1 placed persona, got 253 and 0"):
        sample_size(253, 0, 500)


def test_summary_is_the_t_interval_over_resamples() -> None:
    values, p_values = [0.1, 0.2, 0.4, 0.2, 0.3], [0.5, 0.1, 0.2, 0.9, 0.3]
    score = summarise("mmd", values, p_values, n=500)
    interval = ttest_1samp(values, 0).confidence_interval(0.95)
    assert (score.value, score.std) == (pytest.approx(np.mean(values)), pytest.approx(np.std(values, ddof=1)))
    assert (score.ci_low, score.ci_high) == pytest.approx((interval.low, interval.high))
    assert (score.p_value, score.n, score.resamples) == (0.3, 500, 5)


@pytest.mark.parametrize(
    ("metric", "values", "least", "most"),
    [
        ("coverage", [1.0, 1.0, 0.5], 0, 1),
        ("coverage", [0.0, 0.0, 0.5], 0, 1),
        ("fpd", [0.01, 0.02, 0.9], 0, np.inf),
        ("swd", [0.01, 0.02, 0.9], 0, np.inf),
        ("cos_mean", [0.99, 0.98, -0.4], -1, 1),
        ("mmd", [0.01, 0.02, -0.9], -np.inf, np.inf),
    ],
)
def test_an_interval_ends_where_the_metric_does(metric: str, values: list[float], least: float, most: float) -> None:
    score = summarise(metric, values, [], n=8)
    whole = ttest_1samp(values, 0).confidence_interval(0.95)
    assert (score.ci_low, score.ci_high) == pytest.approx((max(least, whole.low), min(most, whole.high)))


@pytest.mark.parametrize("values", [[122 / 126] * 5, [0.0] * 5])
def test_draws_that_agree_give_no_interval(values: list[float]) -> None:
    score = summarise("coverage", values, [], n=126)
    assert (score.value, score.ci_low, score.ci_high) == (pytest.approx(values[0]), None, None)
    assert score.std == pytest.approx(0, abs=1e-12)


def test_one_resample_has_no_interval_and_an_undefined_metric_no_value() -> None:
    assert summarise("fpd", [0.2], [], n=10) == ("fpd", 0.2, None, None, None, None, 10, 1)
    assert summarise("coverage", [None, None], [None, None], n=3) == ("coverage", *[None] * 5, 3, 2)


@pytest.mark.parametrize(("metric", "least"), [("coverage", 7), ("mmd", 2), ("cos_mean", 2), ("fpd", 1)])
def test_a_metric_is_defined_from_its_least_size_on(metric: str, least: int) -> None:
    assert is_defined(metric, n=least, neighbours=5)
    assert not is_defined(metric, n=least - 1, neighbours=5)
