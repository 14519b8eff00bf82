"""Which steps a run leaves out, and what makes it take them up again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dagster_defs import run_state
from dagster_defs.plan import plan, unchanged_steps
from dagster_defs.run import RunError
from dagster_defs.run_state import RunState, Step
from python_assets.fingerprints import prepare_fingerprint, raw_fingerprint
from python_assets.stages import CORPUS, Stage, finished_stages, forget_split, mark
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from tests.graph.conftest import Open, run_in_the_ui, run_sql, to_do
from tests.sql.support import make_study


def test_nothing_is_left_to_do_after_a_run(opened: Open) -> None:
    assert to_do(opened()) == []


@pytest.mark.parametrize("job", ["encode", "evaluate"])
def test_a_corpus_that_changes_during_a_step_makes_it_due_again(opened: Open, job: str) -> None:
    workspace = opened()
    state = RunState(workspace)
    (step, *_) = [step for step in plan(workspace.study) if step.job == job]
    with state.doing(step):
        workspace.warehouse.write(lambda connection: connection.execute("delete from corpus.users where rowid = 0"))
    assert not RunState(workspace).is_done(step)
    with RunState(workspace).doing(step):
        pass
    assert RunState(workspace).is_done(step)


@pytest.mark.parametrize(
    ("evidence", "encoded", "stay"), [("train", False, True), ("all", False, False), ("all", True, False)]
)
def test_who_fails_with_other_evidence_has_no_scores_of_the_former(
    opened: Open, evidence: str, encoded: bool, stay: bool
) -> None:
    workspace = opened(old="probes:", new=f"grounding: {{window: {evidence}}}\nprobes:")
    if encoded:
        # As when the number of retests changed, too: the references stay, and with them all scores.
        forget_split(workspace.warehouse, "Combined")
    (step,) = [step for step in plan(workspace.study) if step.label == "random_rater on Combined"]
    with pytest.raises(RunError), RunState(workspace).doing(step):
        raise RunError("its server is away")
    assert not RunState(workspace).is_done(step)
    with_scores = workspace.warehouse.rows(
        "select distinct population from ml.population_scores where source = 'control'"
    )
    assert (("random_rater",) in with_scores) is stay
    assert ("perfect_rater",) in with_scores


@pytest.mark.parametrize("breaks_off", ["forget_scores", "mark"])
def test_a_step_that_breaks_off_as_it_begins_is_due_or_has_its_scores(
    opened: Open, monkeypatch: pytest.MonkeyPatch, breaks_off: str
) -> None:
    changed = opened(old="probes:", new="grounding: {window: all}\nprobes:")
    (step,) = [step for step in plan(changed.study) if step.label == "random_rater on Combined"]

    def in_use(*_: object, **__: object) -> None:
        raise WarehouseError("in use by another process")

    with monkeypatch.context() as patched:
        patched.setattr(run_state, breaks_off, in_use)
        with pytest.raises(WarehouseError), RunState(changed).doing(step):
            pytest.fail("it goes on")
    as_before = opened()
    scores = as_before.warehouse.rows("from ml.population_scores where population = 'random_rater'")
    assert scores or not RunState(as_before).is_done(step)


@pytest.mark.parametrize(
    "change",
    [
        "delete from raw.ingested_files where kind = 'items' and category = 'All_Beauty'",
        "update raw.ingested_files set sha256 = 'other' where kind = 'items' and category = 'All_Beauty'",
        "update raw.study set config_hash = 'another study'",
        "delete from raw.stages where job = 'corpus'",
    ],
    ids=["withdrawn", "read anew", "settings of another study", "corpus of a run that failed"],
)
def test_what_others_did_to_the_files_makes_the_corpus_due(opened: Open, change: str) -> None:
    workspace = opened()
    run_sql(workspace.warehouse, change)
    assert ("prepare", "") in to_do(workspace)


def test_a_corpus_of_other_settings_is_due_though_dbt_made_all_of_it(opened: Open) -> None:
    """As after `prepare` in the UI while the study's file said something else."""
    workspace = opened()
    run_sql(workspace.warehouse, "update raw.study set config_hash = 'another study'")
    mark(workspace.warehouse, CORPUS, raw_fingerprint(workspace.warehouse))
    assert ("prepare", "") in to_do(workspace)


def test_what_the_ui_makes_anew_is_due(opened: Open) -> None:
    workspace = opened()
    done = run_in_the_ui(workspace, limit=None)
    assert done.returncode == 0, done.stderr[-2000:]
    assert to_do(workspace) == [("evaluate", "random_rater|Combined"), ("publish", "")]


@pytest.mark.parametrize(
    "change",
    [
        "update ml.encoder_runs set created_at = created_at + interval 1 second",
        "update ml.user_embeddings set folded_in = true where user_id = (select min(user_id) from corpus.users)",
    ],
    ids=["trained anew", "folded in"],
)
def test_other_encoders_make_populations_due(opened: Open, change: str) -> None:
    """An encoder depends on its past: settings and data may be those of before, and the encoder another one."""
    workspace = opened()
    populations = [(step.job, step.stage.partition) for step in plan(workspace.study) if step.job == "evaluate"]
    run_sql(workspace.warehouse, change)
    assert to_do(workspace) == populations
    state = RunState(workspace)
    for step in plan(workspace.study):
        if step.job == "evaluate":
            with state.doing(step):
                pass
    assert to_do(workspace) == [("publish", "")]


def test_the_order_of_a_splits_categories_is_that_of_its_prompts(opened: Open) -> None:
    swapped = opened(old="[All_Beauty, Musical_Instruments]", new="[Musical_Instruments, All_Beauty]")
    assert {job for job, _ in to_do(swapped)} >= {"evaluate"}


def test_the_order_of_splits_is_that_of_the_report() -> None:
    study = make_study()
    swapped = study.model_copy(update={"splits": dict(reversed(study.splits.items()))})
    assert swapped.config_hash() == study.config_hash()
    assert prepare_fingerprint(swapped, [], code="") != prepare_fingerprint(study, [], code="")


def test_what_an_encoder_changes_is_looked_at_anew(opened: Open) -> None:
    workspace = opened()
    state, steps = RunState(workspace), plan(workspace.study)
    encode, evaluate = (next(step for step in steps if step.job == job) for job in ("encode", "evaluate"))
    assert state.is_done(evaluate)
    with state.doing(encode):
        run_sql(workspace.warehouse, "update ml.encoder_runs set created_at = created_at + interval 1 second")
    assert not state.is_done(evaluate)


def test_what_prepare_changes_is_looked_at_anew(opened: Open) -> None:
    workspace = opened()
    state = RunState(workspace)
    prepare, encode, *_ = plan(workspace.study)
    assert state.is_done(encode)
    with state.doing(prepare):
        workspace.warehouse.write(lambda connection: connection.execute("delete from corpus.users where rowid = 0"))
    assert not state.is_done(encode)


def test_a_changed_population_concerns_its_own_step(opened: Open) -> None:
    workspace = opened(old="random_rater, condition: control, size: 3", new="random_rater, condition: control, size: 4")
    jobs = to_do(workspace)
    assert [job for job, _ in jobs] == ["prepare", "evaluate", "publish"]
    assert "random_rater" in jobs[1][1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("retests: 1", "retests: 2"),
        ("resamples: 2", "resamples: 3"),
        ("\nmetrics:", "\nbaselines: {gmm_covariance: diag}\nmetrics:"),
    ],
)
def test_changed_instruments_metrics_and_baselines_concern_encoders_and_all_that_follows(
    opened: Open, old: str, new: str
) -> None:
    jobs = [job for job, _ in to_do(opened(old=old, new=new))]
    assert jobs == ["prepare", "encode", "evaluate", "evaluate", "evaluate", "publish"]


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [("seed: 7", "seed: 7", {"prepare", "encode", "evaluate", "publish"}), ("retests: 1", "retests: 2", set())],
)
def test_beforehand_it_is_said_what_a_run_would_leave_out(opened: Open, old: str, new: str, left: set[str]) -> None:
    workspace = opened(old=old, new=new)
    assert {step.job for step in unchanged_steps(plan(workspace.study), workspace)} == left


def test_what_follows_an_encoder_is_due_with_it(opened: Open) -> None:
    workspace = opened()
    mark(workspace.warehouse, Stage("encode", "Combined"), None)
    left = unchanged_steps(plan(workspace.study), workspace)
    assert {step.job for step in left} == {"prepare"}


def test_a_file_written_again_is_looked_at(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = opened()
    stat, file = Path.stat, Path(workspace.study.sources[0].reviews[0])

    def newer(path: Path, **options: bool) -> os.stat_result:
        found = stat(path, **options)
        return os.stat_result((*found[:8], found.st_mtime + 1, found.st_ctime)) if path == file else found

    monkeypatch.setattr(Path, "stat", newer)
    assert ("prepare", "") in to_do(workspace)


@pytest.mark.parametrize(
    "change",
    [
        "update corpus.interactions set rating = 6 - rating where user_id = (select min(user_id) from corpus.interactions)",
        "update ml.item_embeddings set text_hash = 'other' where item_id = (select min(item_id) from corpus.items)",
        "delete from probes.probe_items where probe_number = 1",
    ],
)
def test_changed_contents_of_a_split_concern_all_its_steps(opened: Open, change: str) -> None:
    workspace = opened()
    with workspace.warehouse.connect(read_only=False) as connection:
        connection.execute(change)
    assert [job for job, _ in to_do(workspace)] == ["encode", "evaluate", "evaluate", "evaluate"]


def test_changed_evidence_concerns_the_populations_that_take_the_seed_user(opened: Open) -> None:
    """The fourth seed user is one of two populations of 40, not of the one of 3."""
    workspace = opened()
    with workspace.warehouse.connect(read_only=False) as connection:
        connection.execute(
            "update personas.grounding_blocks set profile_hash = 'other'"
            " where user_id = (select user_id from personas.grounding_profiles where seed_order = 4)"
        )
    jobs = to_do(workspace)
    assert [job for job, _ in jobs] == ["evaluate", "evaluate"]
    assert not any("random_rater" in partition for _, partition in jobs)


def test_evidence_is_nothing_to_a_population_without_seed_users(opened: Open) -> None:
    demographic = (
        "populations:\n  - {name: told, condition: demographic, size: 40, rater: {backend: transformers, model: m}}"
    )
    workspace = opened(old="populations:", new=demographic)
    steps = [step for step in plan(workspace.study) if step.job == "evaluate"]
    told, perfect = (next(step for step in steps if name in str(step.partition)) for name in ("told", "perfect_rater"))
    before = [RunState(workspace).fingerprint(step) for step in (told, perfect)]
    with workspace.warehouse.connect(read_only=False) as connection:
        connection.execute("update personas.grounding_blocks set profile_hash = 'other'")
    after = [RunState(workspace).fingerprint(step) for step in (told, perfect)]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_an_interrupted_step_does_not_look_done(opened: Open) -> None:
    workspace = opened()
    state, step = RunState(workspace), plan(workspace.study)[1]
    assert state.is_done(step)
    with pytest.raises(KeyboardInterrupt), state.doing(step):
        raise KeyboardInterrupt
    assert not state.is_done(step)
    with state.doing(step):
        pass
    assert state.is_done(step)


def test_marks_are_kept_one_a_stage(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    assert finished_stages(warehouse) == {}
    warehouse.prepare()
    mark(warehouse, Stage("encode", "A"), "one")
    mark(warehouse, Stage("encode", "A"), "two")
    mark(warehouse, Stage("encode", "B"), "three")
    assert finished_stages(warehouse) == {Stage("encode", "A"): "two", Stage("encode", "B"): "three"}
    mark(warehouse, Stage("encode", "B"), None)
    assert finished_stages(warehouse) == {Stage("encode", "A"): "two"}


def test_a_step_without_partition_has_an_empty_key() -> None:
    assert Step("publish", None, "label").stage == Stage("publish", "")
