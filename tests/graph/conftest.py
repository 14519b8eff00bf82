"""One real run through the command line, shared by all tests of this folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from dagster_defs.plan import plan
from dagster_defs.run_state import RunState
from dagster_defs.workspace import Workspace, open_workspace
from python_assets.warehouse import Warehouse

Open = Callable[..., Workspace]
COMMAND = Path(sys.executable).with_name("persona-fidelity")
DBT_DIR = Path(__file__).parents[2] / "dbt_project"

STUDY = """
name: small
seed: 7
sources:
  - category: All_Beauty
    reviews: {root}/raw/review_categories/All_Beauty.jsonl.gz
    items: {root}/raw/meta_categories/meta_All_Beauty.jsonl.gz
  - category: Musical_Instruments
    reviews: {root}/raw/review_categories/Musical_Instruments.jsonl.gz
    items: {root}/raw/meta_categories/meta_Musical_Instruments.jsonl.gz
splits:
  Combined: [All_Beauty, Musical_Instruments]
probes: {{count: 20}}
instruments:
  paper: {{retests: 1, encoder: {{max_epochs: 2, hidden_width: 64, hidden_layers: 1}}}}
  scale_free: {{retests: 0, encoder: {{max_epochs: 2, hidden_width: 64, hidden_layers: 1}}, placement: {{objective: correlation}}}}
populations:
  - {{name: perfect_rater, condition: control, size: 40, rater: {{backend: perfect}}}}
  - {{name: constant_rater, condition: control, size: 40, rater: {{backend: constant}}}}
  - {{name: random_rater, condition: control, size: 3, rater: {{backend: random}}}}
metrics: {{resamples: 2, permutations: 20, projections: 50, sample_size: 60, triplets: 500}}
"""


class Finished(NamedTuple):
    """A finished run of the command."""

    folder: Path
    warehouse: Warehouse
    output: str
    environment: dict[str, str]
    progress: str = ""
    old_artifacts: Path = Path()
    """Left by dbt long before the run."""

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command in the same folder."""
        return run_command(self.folder, self.environment, *arguments)


def run_command(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, as a user calls it."""
    return subprocess.run(
        [str(COMMAND), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def own_environment(folder: Path) -> dict[str, str]:
    """The environment without this project's variables, and with a Dagster home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PERSONA_FIDELITY", "DAGSTER"))}
    return {**kept, "DAGSTER_HOME": str(folder / ".dagster")}


def finished_run(folder: Path, study: str, *options: str) -> Finished:
    """Write the study down, run it, and hand over what came of it."""
    (folder / "small.yml").write_text(study)
    environment = own_environment(folder)
    done = run_command(folder, environment, "run", "--study", "small.yml", *options)
    assert done.returncode == 0, done.stderr[-3000:]
    return Finished(folder, Warehouse(folder / "warehouse" / "small.duckdb"), done.stdout, environment, done.stderr)


def old_artifacts() -> Path:
    """What a call of dbt left behind a year ago."""
    folder = DBT_DIR / "target" / f"dbt_models-{os.getpid()}-old"
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder, (time.time() - 365 * 86_400,) * 2)
    return folder


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory, demo_data: Path) -> Finished:
    """The bundled corpus, two instruments, three controls."""
    before = old_artifacts()
    return finished_run(tmp_path_factory.mktemp("small_run"), STUDY.format(root=demo_data))._replace(
        old_artifacts=before
    )


@pytest.fixture
def copy(small_run: Finished, tmp_path: Path) -> Warehouse:
    """The warehouse of the run, to be changed at will."""
    return Warehouse(Path(shutil.copy(small_run.warehouse.path, tmp_path / "copy.duckdb")))


def run_sql(warehouse: Warehouse, sql: str) -> None:
    """One statement, in a transaction of its own."""
    warehouse.write(lambda connection: connection.execute(sql).fetchall())


@pytest.fixture
def opened(small_run: Finished, tmp_path: Path) -> Open:
    """The finished run's study over a copy of its warehouse, with some text of the study replaced."""
    for file in (small_run.warehouse.path, small_run.warehouse.beside("report.html")):
        shutil.copy(file, tmp_path / file.name)

    def open_copy(*, old: str = "", new: str = "") -> Workspace:
        text = (small_run.folder / "small.yml").read_text()
        assert old in text
        study = tmp_path / "small.yml"
        study.write_text(text.replace(old, new))
        return open_workspace(study=str(study), warehouse=tmp_path / small_run.warehouse.path.name)

    return open_copy


def to_do(workspace: Workspace) -> list[tuple[str, str]]:
    state = RunState(workspace)
    return [(step.job, step.stage.partition) for step in plan(workspace.study) if not state.is_done(step)]


def run_in_the_ui(workspace: Workspace, *, limit: int | None) -> subprocess.CompletedProcess[str]:
    """The job `evaluate` on one population, by whoever keeps no record of stages, with a largest size."""
    environment = own_environment(workspace.study_file.parent) | {
        "PERSONA_FIDELITY_STUDY": str(workspace.study_file),
        "PERSONA_FIDELITY_WAREHOUSE": workspace.address,
        "PERSONA_FIDELITY_LIMIT": str(limit or ""),
    }
    command = [sys.executable, "-m", "dagster_defs.run", "evaluate", "random_rater", "Combined"]
    Path(environment["DAGSTER_HOME"]).mkdir()
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
