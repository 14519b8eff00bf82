"""`kill -9` and Ctrl-C at random moments of whole runs: the next run goes on, and ends as one that nobody disturbed."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from dagster_defs.cli.stopping import STOPPED
from python_assets.warehouse import Warehouse
from tests.graph.conftest import COMMAND, STUDY, Finished, own_environment, run_command
from tests.graph.results import CHOICES, CORPUS, RESULTS, assert_same_results

pytestmark = pytest.mark.long

STOPS = int(os.environ.get("PERSONA_FIDELITY_KILLS", "16"))
"""How many runs are stopped: three by `kill -9` for each one by Ctrl-C."""
LEAST_SECONDS = 0.1
"""Shorter assets are not aimed at: what is said of them has one decimal, and a process needs time to die."""
STEP = re.compile(r"^\[(\d+)/")
ASSET = re.compile(r"^ +(\w+) +([\d.]+) s$")


class Part(NamedTuple):
    """One asset of a run: its step, how many assets the step has done before it, and its seconds when undisturbed."""

    step: int
    before: int
    name: str
    seconds: float


class Stopped(NamedTuple):
    """The asset in which a run was stopped, and how."""

    asset: str
    by: str


def parts_of(progress: str) -> list[Part]:
    """The assets of a run, in order, from what it said; checks take no time and are left out."""
    parts: list[Part] = []
    step = before = 0
    for line in progress.splitlines():
        if found := STEP.match(line):
            step, before = int(found.group(1)), 0
        elif found := ASSET.match(line):
            if float(found.group(2)) >= LEAST_SECONDS:
                parts.append(Part(step, before, found.group(1), float(found.group(2))))
            before += 1
    return parts


def test_stopped_runs_end_as_an_undisturbed_one(tmp_path: Path, demo_data: Path, small_run: Finished) -> None:
    chance = random.Random(os.environ.get("PERSONA_FIDELITY_KILL_SEED", "1"))
    (tmp_path / "small.yml").write_text(STUDY.format(root=demo_data))
    environment = own_environment(tmp_path)
    parts = parts_of(small_run.progress)
    reached: Counter[tuple[str, str]] = Counter()
    # One asset after the other, so that every run gets a little further than the one before.
    for number, part in enumerate(sorted(chosen_parts(parts, chance))):
        how = signal.SIGINT if number % 4 == 3 else signal.SIGKILL
        log = tmp_path / f"stopped_{number}.txt"
        stopped = stopped_run(tmp_path, environment, part, chance.uniform(0, part.seconds), how, parts=parts, log=log)
        reached[stopped] += 1
    print("stopped in:", {f"{asset} by {how}": count for (asset, how), count in reached.items()})
    done = run_command(tmp_path, environment, "run", "--study", "small.yml")
    assert done.returncode == 0, done.stderr[-3000:]
    warehouse = Warehouse(tmp_path / "warehouse" / "small.duckdb")
    compared = assert_same_results(warehouse, small_run.warehouse, CORPUS + CHOICES + RESULTS)
    print(f"{STOPS} stops, {compared:,} rows equal")
    for table in ("ml.ratings", "ml.personas", "ml.persona_embeddings", "raw.reviews"):
        ours, theirs = (w.rows(f"select count(*) from {table}") for w in (warehouse, small_run.warehouse))
        assert ours == theirs, table


def chosen_parts(parts: list[Part], chance: random.Random) -> list[Part]:
    """Every kind of asset in turn, so that the few of the encoder are met as well as the many of populations."""
    kinds = sorted({part.name for part in parts})
    return [chance.choice([part for part in parts if part.name == kinds[i % len(kinds)]]) for i in range(STOPS)]


def stopped_run(
    folder: Path,
    environment: dict[str, str],
    part: Part,
    seconds: float,
    how: signal.Signals,
    *,
    parts: list[Part],
    log: Path,
) -> Stopped:
    """Start a run in a process group of its own, stop all of it some seconds after an asset began."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(COMMAND), "run", "--study", "small.yml"],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = None
        while process.poll() is None and (deadline is None or time.monotonic() < deadline):
            if deadline is None and place_of(log.read_text()) >= part[:2]:
                deadline = time.monotonic() + seconds
            time.sleep(0.01)
        if process.poll() is None:
            os.killpg(process.pid, how)
        code = process.wait(timeout=60)
    said = log.read_text()
    if code == 0:
        return Stopped("ended before", "itself")
    if how == signal.SIGINT:
        assert code == 130, said[-3000:]
        assert said.endswith(STOPPED + "\n"), said[-3000:]
        assert "Traceback" not in said, said[-3000:]
    else:
        assert code == -signal.SIGKILL, said[-3000:]
    names = {other[:2]: other.name for other in parts}
    return Stopped(names.get(place_of(said), "between two assets"), how.name)


def place_of(said: str) -> tuple[int, int]:
    """The step that a run is in, and how many assets of it are done."""
    step = before = 0
    for line in said.splitlines():
        if found := STEP.match(line):
            step, before = int(found.group(1)), 0
        elif ASSET.match(line):
            before += 1
    return step, before
