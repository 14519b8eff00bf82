"""All numeric benchmarks: ``python -m benchmarks [NAME ...] [--users N] [--json FILE]``; a table, and the same as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.accuracy import accuracies
from benchmarks.coverage import population_coverage
from benchmarks.encoder import training_memory, training_step
from benchmarks.growth import growth
from benchmarks.metrics import metric_panel
from benchmarks.pair_cap import pair_cap
from benchmarks.placing import folding_in, placing
from benchmarks.reading import reading
from benchmarks.result import Result

SIZES = {
    "users": (268_000, "real users (the paper has 267,967)"),
    "items": (60_000, "items"),
    "pairs_per_user": (40, "preference pairs of a user, all folds"),
    "steps": (300, "training steps behind the memory figure"),
    "personas": (500, "personas of a population"),
    "probes": (100, "probe items"),
    "folded": (10_000, "users folded in"),
}

DIGITS = {"times": 2, "s": 2, "MiB": 0, "share": 4}


def benchmarks_of(args: argparse.Namespace) -> dict[str, Callable[[], Result | list[Result]]]:
    """Every benchmark by name, at the sizes asked for."""
    corpus = {"users": args.users, "items": args.items}
    return {
        "step": lambda: training_step(**corpus),
        "memory": lambda: training_memory(**corpus, pairs_per_user=args.pairs_per_user, steps=args.steps),
        "placing": lambda: placing(personas=args.personas, probes=args.probes),
        "fold-in": lambda: folding_in(users=args.folded),
        "panel": lambda: metric_panel(sample=args.personas),
        "coverage": lambda: population_coverage(users=args.users, personas=args.personas),
        "cap": lambda: pair_cap(items=args.items),
        "reading": lambda: reading(users=args.users),
        "accuracy": lambda: accuracies(warehouse=args.warehouse, split=args.split),
        "growth": lambda: growth(**corpus, pairs_per_user=args.pairs_per_user),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; all by default")
    for name, (default, text) in SIZES.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default, help=f"{text}: {default:,}")
    parser.add_argument("--warehouse", type=Path, help="for accuracy: a warehouse whose corpus is trained on too")
    parser.add_argument("--split", default="All_Beauty", help="for accuracy: its split")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    args = parser.parse_args()
    known = benchmarks_of(args)
    unknown = sorted(set(args.names) - set(known))
    if unknown:
        parser.error(f"unknown benchmark {', '.join(unknown)}: choose from {', '.join(known)}")
    results = []
    for name in args.names or known:
        done = known[name]()
        for result in done if isinstance(done, list) else [done]:
            results.append(result)
            print(line_of(result), flush=True)
    if args.json:
        rows = [{**result._asdict(), "met": result.met} for result in results]
        args.json.write_text(json.dumps(rows, indent=2) + "\n")


def line_of(result: Result) -> str:
    """One result for people."""
    figure = f"{result.value:,.{DIGITS[result.unit]}f}"
    goal = f"{result.bound} {result.goal:g}"
    details = ", ".join(f"{k} {v:,.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in result.details.items())
    verdict = "met" if result.met else "NOT MET"
    return f"{result.what:<45} {figure:>10} {result.unit:<5} {goal:<15} {verdict:<8} {result.sizes} [{details}]"


if __name__ == "__main__":
    main()
