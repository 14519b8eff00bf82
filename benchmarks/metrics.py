"""Time the metric panel against plain implementations on the same draws, and check that they agree.

Run from the repository: ``python -m benchmarks.metrics [--sample 500] [--json FILE]``.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from benchmarks.plain_metrics import (
    plain_coverage,
    plain_frechet,
    plain_mean_cosine,
    plain_mmd,
    plain_sliced_wasserstein,
)
from benchmarks.result import Result
from python_assets.metrics.panel import score_population
from python_assets.metrics.scores import METRICS, draw_references
from python_assets.metrics.sliced_wasserstein import random_projections
from python_assets.seeds import derive_seed
from python_assets.study import Metrics


def planted_populations(args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Real users and tighter personas, both mixtures of the same prototypes, float32."""
    rng = np.random.default_rng(args.seed)
    prototypes = rng.standard_normal((args.prototypes, args.dimension)) / np.sqrt(args.dimension)
    users = rng.dirichlet(np.ones(args.prototypes), size=args.users) @ prototypes
    personas = rng.dirichlet(np.full(args.prototypes, 5.0), size=args.sample) @ prototypes
    return users.astype(np.float32), personas.astype(np.float32)


def plain_panel(users: np.ndarray, personas: np.ndarray, *, settings: Metrics, seed: int) -> dict[str, float]:
    """What ``score_population`` computes, metric by metric, on the same references and projections."""
    projections = random_projections(users.shape[1], settings.projections, derive_seed(seed, "projections"))
    rng = np.random.default_rng(seed)
    y = personas.astype(np.float64)
    draws = []
    for reference, _ in draw_references(len(users), size=len(y), resamples=settings.resamples, seed=seed):
        x = users[reference].astype(np.float64)
        orders = np.stack([rng.permutation(len(x) + len(y)) for _ in range(settings.permutations)])
        draws.append(
            [
                plain_frechet(x, y),
                plain_mmd(x, y, orders).value,
                plain_sliced_wasserstein(x, y, projections),
                plain_coverage(x, y, settings.neighbours),
                plain_mean_cosine(y),
            ]
        )
    return dict(zip(METRICS, np.mean(draws, axis=0).tolist(), strict=True))


def measure(args: argparse.Namespace) -> dict[str, float | int | dict[str, float]]:
    """Both times, their ratio and the largest difference of a value."""
    users, personas = planted_populations(args)
    settings = Metrics(
        sample_size=args.sample,
        resamples=args.resamples,
        permutations=args.permutations,
        projections=args.projections,
    )
    panel_times = []
    for _ in range(args.repeats):
        start = time.perf_counter()
        scores = score_population(users, personas, settings=settings, seed=args.seed)
        panel_times.append(time.perf_counter() - start)
    start = time.perf_counter()
    plain = plain_panel(users, personas, settings=settings, seed=args.seed)
    plain_seconds = time.perf_counter() - start
    panel = {score.metric: score.value for score in scores if score.value is not None}
    return {
        **{name: getattr(args, name) for name in SIZES},
        "panel_seconds": min(panel_times),
        "plain_seconds": plain_seconds,
        "ratio": plain_seconds / min(panel_times),
        "largest_difference": max(abs(panel[metric] - plain[metric]) for metric in METRICS),
        "panel": panel,
        "plain": plain,
    }


SIZES = {
    "users": 5000,
    "sample": 500,
    "dimension": 128,
    "prototypes": 4,
    "resamples": 5,
    "permutations": 500,
    "projections": 500,
    "repeats": 3,
    "seed": 42,
}


def metric_panel(**sizes: int) -> Result:
    """The whole panel of one population, for the table of ``python -m benchmarks``."""
    measured = measure(argparse.Namespace(**{**SIZES, **sizes}))
    names = ("panel_seconds", "plain_seconds", "largest_difference")
    text = f"{measured['sample']} personas, {measured['resamples']} resamples, B = {measured['permutations']}, L = {measured['projections']}"
    details = {name: measured[name] for name in names}
    return Result("metric panel", text, measured["ratio"], "times", 10, "at least", details)  # type: ignore[arg-type]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, default in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", type=Path, help="write the result to this file")
    args = parser.parse_args()
    result = measure(args)
    print(
        f"panel {result['panel_seconds']:.2f} s, plain {result['plain_seconds']:.2f} s: "
        f"{result['ratio']:.1f} times as fast, values within {result['largest_difference']:.1e}"
    )
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
