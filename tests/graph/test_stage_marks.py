"""What runs of the UI have made as a whole, `run` does not do again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs import stage_marks
from dagster_defs.stage_marks import LINKS
from dagster_defs.wiring import defs
from dagster_defs.workspace import Workspace
from tests.graph.conftest import Open, own_environment

RUNS = """
import json, sys
import dagster as dg
from dagster_defs.definitions import defs
from dagster_defs.partitions import WORKSPACE
from tests.graph.conftest import to_do
with dg.DagsterInstance.get() as instance:
    for backfill, job, *assets in json.loads(sys.argv[1]):
        names = {"population": "random_rater", "split": "Combined"}
        done = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            partition_key=dg.MultiPartitionKey(names) if job == "evaluate" else None,
            asset_selection=[dg.AssetKey(["ml", name]) for name in assets] or None,
            tags={"dagster/backfill": backfill} if backfill else {},
            raise_on_error=False,
        )
        print(json.dumps([done.success, [job for job, _ in to_do(WORKSPACE)]]), flush=True)
"""
PLACES, SCORES = "persona_embeddings", ("population_scores", "paired_scores", "paired_distances")
DUE = ["evaluate", "publish"]


def run_as_the_ui(workspace: Workspace, *runs: tuple[str, ...]) -> list[tuple[bool, list[str]]]:
    """Jobs, or some of their assets, perhaps of a backfill: after each how it ended, and what `run` would do."""
    folder = workspace.study_file.parent
    environment = own_environment(folder) | {
        "PERSONA_FIDELITY_STUDY": str(workspace.study_file),
        "PERSONA_FIDELITY_WAREHOUSE": workspace.address,
    }
    Path(environment["DAGSTER_HOME"]).mkdir()
    command = [sys.executable, "-c", RUNS, json.dumps(runs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    # dbt prints, too.
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return [(success, due) for success, due in said]


def test_what_the_ui_has_made_as_a_whole_is_done(opened: Open) -> None:
    assert run_as_the_ui(
        opened(),
        ("one", "evaluate", "personas", "ratings"),
        ("two", "evaluate", PLACES, *SCORES),
        ("one", "evaluate", PLACES, *SCORES),
        ("one", "evaluate", "ratings"),
        ("one", "evaluate", *SCORES),
        ("", "evaluate"),
        ("", "publish"),
    ) == [
        (True, DUE),
        (True, DUE),
        (True, ["publish"]),
        (True, DUE),
        (True, DUE),
        (True, ["publish"]),
        (True, []),
    ]


def test_what_failed_in_the_ui_is_due(opened: Open) -> None:
    workspace = opened()
    workspace.warehouse.write(lambda connection: connection.execute("drop table ml.anchor_scores"))
    assert run_as_the_ui(workspace, ("", "evaluate")) == [(False, DUE)]


@pytest.mark.parametrize(("population", "split"), [("perfect_rater", "Gone"), ("gone", "Combined")])
def test_a_run_of_what_left_the_study_is_left_to_the_assets_to_refuse(
    opened: Open, monkeypatch: pytest.MonkeyPatch, population: str, split: str
) -> None:
    monkeypatch.setattr(stage_marks, "WORKSPACE", opened())
    names = {"dagster/partition/population": population, "dagster/partition/split": split}
    run = dg.DagsterRun(job_name="evaluate", tags={"dagster/partition": f"{population}|{split}"} | names)
    assert list(stage_marks._begun(run)) == []


@pytest.mark.parametrize("job", LINKS)
def test_a_stage_is_all_that_its_job_makes(job: str) -> None:
    made = {key for link in LINKS[job] for key in link.keys}
    assert defs.resolve_job_def(job).asset_layer.executable_asset_keys == made
