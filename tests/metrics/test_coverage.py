"""Coverage against prdc; tree and brute force against each other, ties and duplicates included."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.plain_metrics import plain_coverage
from python_assets.metrics import coverage as module
from python_assets.metrics.coverage import coverage
from tests.metrics.clouds import lattice_clouds, low_rank_clouds, random_clouds, random_rotation, repeatable, seeds


@pytest.mark.parametrize("method", ["tree", "brute", "auto"])
@pytest.mark.parametrize(
    ("n", "m", "dimension", "k"), [(200, 200, 4, 5), (150, 20, 30, 3), (60, 90, 1, 1), (7, 7, 3, 5)]
)
def test_equals_prdc_on_random_points(n: int, m: int, dimension: int, k: int, method: str) -> None:
    x, y = random_clouds(n, m, dimension)
    # prdc also takes the fake points' own neighbours, so it needs k + 2 of both.
    value = coverage(x, y, neighbours=k, method=method)  # type: ignore[arg-type]
    assert value == pytest.approx(plain_coverage(x, y, k), abs=1e-12)
    assert 0 < value <= 1


@pytest.mark.parametrize("method", ["tree", "brute"])
@pytest.mark.parametrize("side", [2, 4])
def test_equals_prdc_on_ties_and_duplicates(side: int, method: str) -> None:
    x, y = lattice_clouds(80, 20, 2, side=side)
    value = coverage(x, y, neighbours=5, method=method)  # type: ignore[arg-type]
    assert value == plain_coverage(x, y, 5)


def test_equals_prdc_on_personas_in_one_place() -> None:
    x, _ = low_rank_clouds(100, 1, rank=4, dimension=32)
    y = np.repeat(x[:1] + 1e-3, 50, axis=0)
    assert coverage(x, y, neighbours=5) == plain_coverage(x, y, 5) > 0


@repeatable
@given(seed=seeds, k=st.integers(1, 6), side=st.integers(1, 5), dimension=st.integers(1, 4))
def test_tree_and_brute_force_are_equal(seed: int, k: int, side: int, dimension: int) -> None:
    for clouds in (
        lattice_clouds(30, 12, dimension, side=side, seed=seed),
        random_clouds(30, 12, dimension, seed=seed),
    ):
        assert coverage(*clouds, neighbours=k, method="tree") == coverage(*clouds, neighbours=k, method="brute")


@repeatable
@given(seed=seeds)
def test_rows_may_be_shuffled_axes_turned_and_units_changed(seed: int) -> None:
    x, y = random_clouds(40, 25, 3, seed=seed)
    turn = random_rotation(3, seed=seed)
    shuffled = np.random.default_rng(seed).permutation(x)
    value = coverage(x, y, neighbours=4)
    assert coverage(shuffled, y[::-1], neighbours=4) == value
    assert coverage(7 * x @ turn + 2, 7 * y @ turn + 2, neighbours=4) == value


def test_duplicated_users_can_never_be_covered() -> None:
    spread = np.arange(10.0)[:, None] * 10
    x = np.concatenate([np.full((6, 1), -50.0), spread])
    for method in ("tree", "brute"):
        assert coverage(x, x, neighbours=5, method=method) == 10 / 16
        # With five in one place, each of them has a fifth neighbour elsewhere.
        assert coverage(x[1:], x[1:], neighbours=5, method=method) == 1.0


def test_the_ball_is_open() -> None:
    x = np.array([[0.0], [1.0], [2.0], [3.0], [10.0]])
    # The last point's second neighbour is 8 away, at 2; a synthetic point 8 away does not cover it.
    on_the_edge, inside = np.array([[18.0]]), np.array([[17.9]])
    for method in ("tree", "brute"):
        assert coverage(x, on_the_edge, neighbours=2, method=method) == 0.0
        assert coverage(x, inside, neighbours=2, method=method) == pytest.approx(1 / 5)


def test_blocks_of_rows_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = random_clouds(50, 20, 20)
    whole = coverage(x, y, neighbours=5)
    monkeypatch.setattr(module, "DISTANCES_AT_ONCE", 7 * 50)
    assert coverage(x, y, neighbours=5) == whole


def test_many_users_and_few_personas() -> None:
    x, y = random_clouds(60_000, 500, 4)
    x[:10_000] = x[0]
    value = coverage(x, y, neighbours=5)
    chosen = np.concatenate([x[:1], x[10_000:]])
    # The crowd is one place that no persona can cover; the others do not notice how large it is.
    assert value == pytest.approx(coverage(chosen, y, neighbours=5) * 50_001 / 60_000, abs=1e-3)


def test_too_few_users_name_the_setting() -> None:
    x, y = random_clouds(6, 6, 3)
    with pytest.raises(ValueError, match=r"metrics.neighbours = 5 needs at least 7 real rows, got 6"):
        coverage(x, y, neighbours=5)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        coverage(x, y, neighbours=0)
    assert coverage(x, y[:1], neighbours=4) >= 0


# Interrupts reach it also where a shell started the tests in the background; without one it ends by itself.
UNTIL_INTERRUPTED = """
import signal, time
import numpy as np
from python_assets.metrics.coverage import coverage
signal.signal(signal.SIGINT, signal.default_int_handler)
end = time.monotonic() + 60
users = np.random.default_rng(1).standard_normal((300_000, 4))
print("counting", flush=True)
try:
    while time.monotonic() < end:
        coverage(users, users[:500], neighbours=5)
except KeyboardInterrupt:
    others = [np.full(size, -1) for size in (10, 100, 1_000, 10_000, 100_000, 400_000) for _ in range(40)]
    time.sleep(1)
    print("tidied up", flush=True)
"""


@pytest.mark.parametrize("seconds", [0.3, 0.6, 0.9])
def test_an_interrupt_is_no_crash(seconds: float) -> None:
    """While a command tidies up, no thread goes on in memory that is gone."""
    command = [sys.executable, "-c", UNTIL_INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "counting\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    assert (process.returncode, said) == (0, "tidied up\n")
