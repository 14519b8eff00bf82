"""What does not need a failed step is done all the same, when that is asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs import run, run_state
from dagster_defs.cli.tables import fidelity_table
from dagster_defs.plan import plan
from dagster_defs.run import RunError, run_study
from dagster_defs.run_state import RunState, Step
from dagster_defs.workspace import open_workspace
from python_assets.stages import finished_stages, forget_split, mark
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished, Open, own_environment, run_command
from tests.ports import free_port

POPULATIONS = """
  - {{name: unheard, condition: grounded, size: 3, rater: {{backend: openai, model: nobody, base_url: "http://127.0.0.1:{port}/v1"}}}}
  - {{name: popularity_rater, condition: control, size: 40, rater: {{backend: popularity}}}}
metrics:"""


@pytest.fixture
def study_file(small_run: Finished, tmp_path: Path) -> Path:
    """The finished run's study with two more populations, the first of which has no server."""
    study = tmp_path / "small.yml"
    more = POPULATIONS.format(port=free_port())
    study.write_text((small_run.folder / "small.yml").read_text().replace("\nmetrics:", more))
    return study


@pytest.mark.parametrize("options", [[], ["--keep-going"]])
def test_a_population_without_a_server(small_run: Finished, study_file: Path, options: list[str]) -> None:
    folder = study_file.parent
    path = Path(shutil.copy(small_run.warehouse.path, folder / "small.duckdb"))
    done = run_command(
        folder, own_environment(folder), "run", "--study", "small.yml", "--warehouse", path.name, *options
    )
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert "http://127.0.0.1:" in error
    scored = Warehouse(path).rows("select count(*) from results.fidelity where population = 'popularity_rater'")
    if options:
        assert error.startswith(
            "Error: 1 of 8 steps failed, and what does not need them is done: unheard on Combined (ml.personas failed:"
        )
        assert scored == [(2,)]
        assert "Without scores: unheard on Combined. `persona-fidelity run` " in fidelity_table(Warehouse(path))
        assert (folder / "small.report.html").exists()
    else:
        assert error.startswith("Error: ml.personas failed:")
        assert scored == [(0,)]


FAILURES = {
    "encode": r"1 of 6 steps .*: encoder of Combined \(no room\)",
    "publish": r"1 of 6 steps .*: result tables and report \(no room\)",
    "encode publish": r"2 of 6 steps .*: encoder of Combined \(no room\); result tables and report \(no room\)",
}


@pytest.mark.parametrize("failing", FAILURES)
def test_failures_are_named_and_populations_wait_for_their_encoder(
    small_run: Finished,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: str,
) -> None:
    warehouse = shutil.copy(small_run.warehouse.path, tmp_path / "small.duckdb")
    workspace = open_workspace(study=str(small_run.folder / "small.yml"), warehouse=warehouse)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    done: list[str] = []

    def step(job: str, partition: object, instance: dg.DagsterInstance) -> None:
        done.append(job)
        if job in failing.split():
            raise RunError("no room")

    monkeypatch.setattr(run, "run_step", step)
    steps = plan(workspace.study)
    with pytest.raises(RunError, match=f"^{FAILURES[failing]}$"):
        run_study(steps, workspace, force=True, keep_going=True)
    without_encoder = "encode" in failing
    assert done == ["prepare", "encode", *["evaluate"] * (0 if without_encoder else 3), "publish"]
    said = capsys.readouterr().err
    assert said.count("\n    no room\n") == len(failing.split())
    assert said.count(" on Combined: left out, as encoder of Combined failed\n") == (3 if without_encoder else 0)
    assert not any(RunState(workspace).is_done(step) for step in steps if step.job in failing.split())


def test_another_splits_encoder_is_not_needed() -> None:
    key = dg.MultiPartitionKey({"split": "one", "population": "perfect"})
    population = Step("evaluate", key, "perfect on one")
    assert population.needs(Step("encode", "one", "encoder of one"))
    assert not population.needs(Step("encode", "two", "encoder of two"))
    assert not Step("publish", None, "result tables").needs(Step("encode", "one", "encoder of one"))


MEASURED = ("population_scores", "paired_scores", "paired_distances", "anchor_scores", "reference_embeddings")
OTHER_METRICS = {"old": "sample_size: 60", "new": "sample_size: 50"}
OTHER_POPULATION = {"old": "control, size: 3", "new": "control, size: 4"}


@pytest.mark.parametrize(
    ("change", "tries", "stays"),
    [
        ({}, ["no room"], True),
        ({}, ["no room", "no room"], True),
        (OTHER_METRICS, ["no room"], False),
        (OTHER_METRICS, ["killed", "no room"], False),
        (OTHER_POPULATION, ["no room"], None),
    ],
    ids=["the same", "the same, twice", "other metrics", "other metrics, killed before", "another population"],
)
def test_a_split_without_its_encoder_keeps_scores_of_the_same_inputs_only(
    opened: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    tries: list[str],
    stays: bool | None,
) -> None:
    workspace = opened(**change)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    counted = " union all ".join(f"select count(*) from ml.{table} where split = 'Combined'" for table in MEASURED)
    before = workspace.warehouse.rows(counted)
    for outcome in tries:

        def step(job: str, partition: object, instance: dg.DagsterInstance, outcome: str = outcome) -> None:
            if job == "encode":
                forget_split(workspace.warehouse, "Combined")
                raise KeyboardInterrupt if outcome == "killed" else RunError(outcome)

        monkeypatch.setattr(run, "run_step", step)
        with pytest.raises(KeyboardInterrupt if outcome == "killed" else RunError):
            run_study(plan(workspace.study), workspace, force=True, keep_going=True)
    after = workspace.warehouse.rows(counted)
    populations = workspace.warehouse.rows("select distinct population from ml.paired_scores order by all")
    assert (after == before) is (stays is True)
    assert (after == [(0,)] * len(MEASURED)) is (stays is False)
    if stays is None:
        assert populations == [("constant_rater",), ("perfect_rater",)]
    assert ("is in no results any more" in capsys.readouterr().err) is (stays is False)


@pytest.mark.parametrize("what", ["settings", "model"])
def test_a_population_that_changes_between_two_failures_loses_its_scores(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    workspace = opened()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    model, change = "before", OTHER_POPULATION
    if what == "model":
        change = {"old": "", "new": ""}
        monkeypatch.setattr(
            run_state, "model_state", lambda rater, **_: f"looks.{model}" if rater.backend == "random" else ""
        )
        for step in plan(workspace.study):
            if step.population == "random_rater":
                mark(workspace.warehouse, step.stage, str(RunState(workspace).fingerprint(step)))

    def step(job: str, partition: object, instance: dg.DagsterInstance) -> None:
        if job == "encode":
            forget_split(workspace.warehouse, "Combined")
            raise RunError("no room")

    monkeypatch.setattr(run, "run_step", step)
    populations = []
    for happens in ({"old": "", "new": ""}, change):
        workspace.study_file.write_text(workspace.study_file.read_text().replace(*happens.values()))
        changed = open_workspace(study=str(workspace.study_file), warehouse=workspace.warehouse.path)
        with pytest.raises(RunError):
            run_study(plan(changed.study), changed, force=True, keep_going=True)
        populations.append(changed.warehouse.rows("select count(distinct population) from ml.paired_scores"))
        model = "after"
    assert populations == [[(3,)], [(2,)]]


def test_a_split_whose_encoder_fails_at_once_has_no_marks_of_populations(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they mark is in no results any more, and would be taken for done once the change is taken back."""
    workspace = opened(**OTHER_METRICS)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def step(job: str, partition: object, instance: dg.DagsterInstance) -> None:
        if job == "encode":
            raise RunError("no room")

    monkeypatch.setattr(run, "run_step", step)
    with pytest.raises(RunError):
        run_study(plan(workspace.study), workspace, keep_going=True)
    marked = {stage.job for stage in finished_stages(workspace.warehouse)}
    assert "prepare" in marked
    assert "evaluate" not in marked
