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
# Seconds a run is left alone: from its start-up to well into the slowest steps.
SHORTEST, LONGEST = 6.0, 40.0


def test_killed_runs_end_as_an_undisturbed_one(tmp_path: Path, demo_data: Path, small_run: Finished) -> None:
    chance = random.Random(os.environ.get("PERSONA_FIDELITY_KILL_SEED", "1"))
    (tmp_path / "small.yml").write_text(STUDY.format(root=demo_data))
    environment = own_environment(tmp_path)
    reached: Counter[str] = Counter()
    for number in range(KILLS):
        alone = chance.uniform(SHORTEST, LONGEST)
        reached[killed_run(tmp_path, environment, alone, log=tmp_path / f"killed_{number}.txt")] += 1
    print("killed in:", dict(reached))
    done = run_command(tmp_path, environment, "run", "--study", "small.yml")
    assert done.returncode == 0, done.stderr[-3000:]
    warehouse = Warehouse(tmp_path / "warehouse" / "small.duckdb")
    compared = assert_same_results(warehouse, small_run.warehouse, CORPUS + CHOICES + RESULTS)
    print(f"{KILLS} kills, {compared:,} rows equal")
    for table in ("ml.ratings", "ml.personas", "ml.persona_embeddings", "raw.reviews"):
        ours, theirs = (w.rows(f"select count(*) from {table}") for w in (warehouse, small_run.warehouse))
        assert ours == theirs, table


def killed_run(folder: Path, environment: dict[str, str], seconds: float, *, log: Path) -> str:
    """Start a run in a process group of its own, kill all of it after a while; the step it was in, as it told."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(COMMAND), "run", "--study", "small.yml"],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.1)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    assert code in (0, -signal.SIGKILL), log.read_text()[-3000:]
    steps = [line for line in log.read_text().splitlines() if line.startswith("[")]
    return "ended before" if code == 0 else steps[-1].partition("] ")[2] if steps else "start-up"
