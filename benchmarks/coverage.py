"""Exact coverage of a whole real population against all distances."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from benchmarks.result import Result, run_apart, seconds_of
from python_assets.metrics.coverage import coverage

NEIGHBOURS = 5
# Rows of the brute force that are timed; its time is proportional to them.
BRUTE_ROWS = 500


def population_coverage(*, users: int, personas: int) -> list[Result]:
    """Time and memory of the exact value, each with its goal."""
    done = run_apart(cover, users=users, personas=personas)
    brute = brute_seconds(users=users, personas=personas)
    sizes = f"{users:,} real users, {personas} personas, K = 4"
    details: dict[str, float | int | str] = {
        "brute_force_extrapolated_s": brute,
        "ratio": brute / done.value["seconds"],
        **done.value,
    }
    return [
        Result("coverage of all users: time", sizes, done.value["seconds"], "s", 10, "at most", details),
        Result("coverage of all users: peak memory", sizes, done.peak_mib, "MiB", 2048, "at most", {}),
    ]


def populations(*, users: int, personas: int) -> tuple[np.ndarray, np.ndarray]:
    """Real users and tighter personas in K = 4 coordinates."""
    rng = np.random.default_rng(0)
    prototypes = rng.standard_normal((4, 4))
    real = rng.dirichlet(np.ones(4), size=users) @ prototypes
    return real.astype(np.float32), (rng.dirichlet(np.full(4, 5.0), size=personas) @ prototypes).astype(np.float32)


def cover(*, users: int, personas: int) -> dict[str, float | int | str]:
    """The value and its time."""
    real, made = populations(users=users, personas=personas)
    found = coverage(real, made, neighbours=NEIGHBOURS)
    return {"seconds": seconds_of(lambda: coverage(real, made, neighbours=NEIGHBOURS)), "coverage": found}


def brute_seconds(*, users: int, personas: int) -> float:
    """All distances between users, from the time of some rows."""
    real, made = populations(users=users, personas=personas)
    rows = real[:BRUTE_ROWS]

    def some_rows() -> None:
        radii = np.partition(cdist(rows, real), NEIGHBOURS, axis=1)[:, NEIGHBOURS]
        np.mean(cdist(rows, made).min(axis=1) < radii)

    return seconds_of(some_rows) * users / len(rows)
