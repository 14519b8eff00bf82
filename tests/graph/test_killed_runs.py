"""`kill -9` at random moments of whole runs: the next run goes on, and ends as one that nobody disturbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse
from tests.graph.conftest import COMMAND, STUDY, Finished, own_environment, run_command
from tests.graph.results import CHOICES, CORPUS, RESULTS, assert_same_results

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("PERSONA_FIDELITY_KILLS", "12"))
STEPS = 6
# Seconds that a step is left alone: from its start to well into the slowest ones.
LONGEST = 15.0


def test_killed_runs_end_as_an_undisturbed_one(tmp_path: Path, demo_data: Path, small_run: Finished) -> None:
    chance = random.Random(os.environ.get("PERSONA_FIDELITY_KILL_SEED", "1"))
    (tmp_path / "small.yml").write_text(STUDY.format(root=demo_data))
    environment = own_environment(tmp_path)
    reached: Counter[str] = Counter()
    # One step after the other, so that every run gets a little further than the one before.
    for number, step in enumerate(sorted(chance.randint(1, STEPS) for _ in range(KILLS))):
        log, alone = tmp_path / f"killed_{number}.txt", chance.uniform(0, LONGEST)
        reached[killed_run(tmp_path, environment, step, alone, log=log)] += 1
    print("killed in:", dict(reached))
    done = run_command(tmp_path, environment, "run", "--study", "small.yml")
    assert done.returncode == 0, done.stderr[-3000:]
    warehouse = Warehouse(tmp_path / "warehouse" / "small.duckdb")
    compared = assert_same_results(warehouse, small_run.warehouse, CORPUS + CHOICES + RESULTS)
    print(f"{KILLS} kills, {compared:,} rows equal")
    for table in ("ml.ratings", "ml.personas", "ml.persona_embeddings", "raw.reviews"):
        ours, theirs = (w.rows(f"select count(*) from {table}") for w in (warehouse, small_run.warehouse))
        assert ours == theirs, table


def killed_run(folder: Path, environment: dict[str, str], step: int, seconds: float, *, log: Path) -> str:
    """Start a run in a process group of its own, kill all of it some seconds after a step began; the step it was in."""
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
            if deadline is None and f"[{step}/" in log.read_text():
                deadline = time.monotonic() + seconds
            time.sleep(0.1)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    assert code in (0, -signal.SIGKILL), log.read_text()[-3000:]
    steps = [line for line in log.read_text().splitlines() if line.startswith("[")]
    return "ended before" if code == 0 else steps[-1].partition("] ")[2]
