"""A whole study at the paper's size with control raters: time and memory of every step, an unchanged second run, one more batch.

Run from the repository: ``python -m benchmarks.end_to_end [--users 268000] [--epochs 1] [--batch 0.01] [--folder F] [--json FILE]``.
The corpus is simulated first, and its newest reviews are held back: they are the batch. Memory is the
proportional set size (PSS) of the run and the processes it starts, looked at once a second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import psutil
import yaml

from benchmarks.warehouse import CATEGORIES, REVIEWS_PER_USER, SPLITS, hold_back
from python_assets.simulate import SimulationSettings, simulate

CONTROLS = ("perfect", "popularity", "constant", "random")
MOST_RUNS = 1000
COMMAND = Path(sys.executable).with_name("persona-fidelity")
RUN = [str(COMMAND), "run", "--study", "study.yml", "--data-root", "data"]
"""To be run in the folder of the study."""


class Memory(NamedTuple):
    """One look at a process tree."""

    at: float
    mib: float


class StepUse(NamedTuple):
    """What the runs of one step took, over all partitions."""

    name: str
    runs: int
    seconds: float
    peak_mib: float


def study_of(*, epochs: int, personas: int, splits: Mapping[str, list[str]] = SPLITS) -> dict[str, Any]:
    """The study: the paper's instrument with fewer epochs, and every control rater."""
    categories = sorted({category for members in splits.values() for category in members})
    return {
        "name": "end_to_end",
        "sources": [
            {"category": name, "reviews": f"**/{name}.jsonl.gz", "items": f"**/meta_{name}.jsonl.gz"}
            for name in categories
        ],
        "splits": dict(splits),
        "instruments": {"paper": {"encoder": {"max_epochs": epochs}, "retests": 0}},
        "populations": [
            {"name": name, "condition": "control", "size": personas, "rater": {"backend": name}} for name in CONTROLS
        ],
    }


def watched(command: list[str], folder: Path) -> tuple[float, list[Memory]]:
    """Seconds and memory of a command that runs in ``folder``; its output goes to ``output.log`` there."""
    begun, looks = time.time(), []
    environment = os.environ | {"DAGSTER_HOME": str(folder / ".dagster")}
    with (folder / "output.log").open("a") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        tree = psutil.Process(process.pid)
        while process.poll() is None:
            looks.append(Memory(time.time(), tree_mib(tree)))
            time.sleep(1)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed: see {folder / 'output.log'}")
    return time.time() - begun, looks


def tree_mib(root: psutil.Process) -> float:
    """Proportional set size of a process and all it started."""
    total = 0
    try:
        for process in (root, *root.children(recursive=True)):
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
    except psutil.Error:
        pass
    return total / 2**20


def steps_of(folder: Path, looks: list[Memory]) -> list[StepUse]:
    """What Dagster recorded of every step since the first look, with the highest memory seen while it ran."""
    times = defaultdict[str, list[tuple[float, float]]](list)
    with dg.DagsterInstance.from_config(str(folder / ".dagster")) as instance:
        for run in reversed(instance.get_runs(limit=MOST_RUNS)):
            for step in instance.get_run_step_stats(run.run_id):
                if step.start_time is not None and step.end_time is not None and step.start_time >= looks[0].at:
                    times[step.step_key].append((step.start_time, step.end_time))
    return [
        StepUse(
            name,
            runs=len(spans),
            seconds=sum(end - start for start, end in spans),
            peak_mib=max((look.mib for look in looks if any(s <= look.at <= e for s, e in spans)), default=0.0),
        )
        for name, spans in times.items()
    ]


def measure(
    folder: Path, *, users: int, items: int, epochs: int, personas: int, batch: float, seed: int
) -> dict[str, Any]:
    """Simulate, run, run again, and run with the reviews that were held back."""
    settings = SimulationSettings.model_validate(
        {"seed": seed, "users": users, "items": items, "mean_reviews": REVIEWS_PER_USER, "categories": CATEGORIES}
    )
    begun = time.time()
    simulate(settings, folder / "data", progress=False, overwrite=True)
    hold_back(folder / "data", batch)
    later = (folder / "data" / "batch").rename(folder / "later")
    simulated = time.time() - begun
    (folder / "study.yml").write_text(yaml.safe_dump(study_of(epochs=epochs, personas=personas), sort_keys=False))
    first, looks = watched(RUN, folder)
    steps = steps_of(folder, looks)
    again, _ = watched(RUN, folder)
    later.rename(folder / "data" / "later")
    one_more, looks_of_batch = watched(RUN, folder)
    return {
        "simulate_s": simulated,
        "run_s": first,
        "peak_mib": max(look.mib for look in looks),
        "unchanged_run_s": again,
        "batch_run_s": one_more,
        "batch_share": one_more / first,
        "batch_peak_mib": max(look.mib for look in looks_of_batch),
        "steps": [step._asdict() for step in steps],
        "batch_steps": [step._asdict() for step in steps_of(folder, looks_of_batch)],
    }


def add_study_options(parser: argparse.ArgumentParser, *, users: int, items: int, personas: int) -> None:
    """The size of a simulated study and where it is worked on; the numbers are the defaults."""
    parser.add_argument("--users", type=int, default=users, help="simulated users (the paper has 267,967)")
    parser.add_argument("--items", type=int, default=items, help="simulated items")
    parser.add_argument("--epochs", type=int, default=1, help="epochs of every encoder (the paper has 20)")
    parser.add_argument("--personas", type=int, default=personas, help="personas of every population")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--json", type=Path, help="write the result to this file")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.end_to_end", description=__doc__)
    add_study_options(parser, users=268_000, items=60_000, personas=500)
    parser.add_argument("--batch", type=float, default=0.01, help="share of the reviews, the newest, that come later")
    args = parser.parse_args()
    sizes = {name: getattr(args, name) for name in ("users", "items", "epochs", "personas", "batch", "seed")}
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(folder, **sizes)
    for name, value in found.items():
        if isinstance(value, float):
            print(f"{name:<18}{value:>12,.2f}")
    for title, steps in (("first run", found["steps"]), ("one more batch", found["batch_steps"])):
        print(f"\n{title:<34}{'runs':>6}{'seconds':>10}{'peak MiB':>10}")
        for step in steps:
            print(f"{step['name']:<34}{step['runs']:>6}{step['seconds']:>10,.1f}{step['peak_mib']:>10,.0f}")
    if args.json:
        args.json.write_text(json.dumps(sizes | found, indent=2) + "\n")


if __name__ == "__main__":
    main()
