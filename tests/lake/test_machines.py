"""Two machines take a split each of one lake, at the same time, as docs/scaling.md tells them to."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.graph.conftest import STUDY, Finished, finished_run, own_environment
from tests.graph.results import RESULTS, assert_same_results
from tests.lake.conftest import Server

pytestmark = pytest.mark.long

SPLITS = ("All_Beauty", "Musical_Instruments")
PART = ("--from", "encode", "--until", "evaluate")
TWO_SPLITS = STUDY.replace(
    "  Combined: [All_Beauty, Musical_Instruments]", "\n".join(f"  {name}: [{name}]" for name in SPLITS)
)


def test_two_machines_at_once_leave_what_one_leaves(server: Server, tmp_path: Path, demo_data: Path) -> None:
    study = TWO_SPLITS.format(root=demo_data)
    (tmp_path / "file").mkdir()
    on_file = finished_run(tmp_path / "file", study)
    lake = server.new_lake("machines")
    machines = []
    for name in SPLITS:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "small.yml").write_text(study)
        machines.append(Finished(folder, lake, "", own_environment(folder)))

    def run(machine: Finished, *options: str) -> tuple[float, float]:
        begun = time.monotonic()
        done = machine.command("run", "--study", "small.yml", "--warehouse", lake.address, *options)
        assert done.returncode == 0, done.stderr[-3000:]
        return begun, time.monotonic()

    run(machines[0], "--lake-data", str(lake.data), "--until", "prepare")
    with ThreadPoolExecutor() as pool:
        spans = list(pool.map(lambda machine, split: run(machine, *PART, "--split", split), machines, SPLITS))
    assert max(begun for begun, _ in spans) < min(ended for _, ended in spans)
    assert lake.rows("select distinct split from ml.encoder_runs order by all") == [(split,) for split in SPLITS]
    run(machines[0], "--from", "publish")
    assert_same_results(lake, on_file.warehouse, RESULTS)
