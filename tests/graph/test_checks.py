"""Each check on what Python writes counts the rows that break its rule, and leaves out what the study no longer names."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs import run
from dagster_defs.checks import CHECKS, RULES
from dagster_defs.plan import plan
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import open_workspace
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished, own_environment, run_command, run_sql

ONE_PERSONA = "population = 'random_rater' and persona_id = '0002' and instrument = 'paper'"
ONE_SCORE = "population = 'real_subsample' and instrument = 'paper' and metric = 'fpd'"
DAMAGE = {
    "file_counts_reconcile": (
        "update raw.ingested_files set n_read = n_read + 1 where kind = 'items' and category = 'All_Beauty'",
        1,
    ),
    "every_catalogue_item_has_a_vector": (
        "delete from ml.item_embeddings where (category, item_id) = (select min((category, item_id)) from corpus.items)",
        1,
    ),
    # With all three encoders: the paper's, its retest, and the scale-free one.
    "every_user_has_a_place": (
        "delete from ml.user_embeddings where user_id = (select min(user_id) from corpus.users)",
        3,
    ),
    "ratings_in_range": (
        "update ml.ratings set rating = 6 where population = 'random_rater' and persona_id = '0002'",
        20,
    ),
    "placed_exactly_with_pairs": (f"update ml.persona_embeddings set placed = not placed where {ONE_PERSONA}", 1),
    "placed_with_the_present_probes": (
        f"update ml.persona_embeddings set probe_set_hash = 'other' where {ONE_PERSONA}",
        1,
    ),
    "scores_are_finite": (f"update ml.population_scores set value = 'nan' where {ONE_SCORE}", 1),
}
STUDY_CHANGES = [
    ("every_user_has_a_place", "update raw.instruments set seeds = [100]"),
    ("every_user_has_a_place", "delete from raw.instruments"),
    ("every_user_has_a_place", "delete from raw.splits"),
    ("placed_with_the_present_probes", "delete from raw.populations where population = 'random_rater'"),
    ("placed_with_the_present_probes", "delete from raw.instruments where instrument = 'paper'"),
]


@pytest.fixture
def broken(copy: Warehouse) -> Callable[[str], int]:
    """How many rows break a rule, as its check says."""

    def count(name: str) -> int:
        (check,) = (made for made in CHECKS if made.check_key.name == name)
        found = check(warehouse=WarehouseResource(address=copy.address))
        assert isinstance(found, dg.AssetCheckResult)
        rows = found.metadata["rows"].value
        assert isinstance(rows, int)
        assert found.passed == (rows == 0)
        return rows

    return count


@pytest.mark.parametrize("name", RULES)
def test_it_counts_what_breaks_its_rule(copy: Warehouse, broken: Callable[[str], int], name: str) -> None:
    assert broken(name) == 0
    damage, rows = DAMAGE[name]
    run_sql(copy, damage)
    assert broken(name) == rows


@pytest.mark.parametrize(("name", "change"), STUDY_CHANGES)
def test_what_left_the_study_is_nobodys_to_refresh(
    copy: Warehouse, broken: Callable[[str], int], name: str, change: str
) -> None:
    run_sql(copy, DAMAGE[name][0])
    assert broken(name) > 0
    run_sql(copy, change)
    assert broken(name) == 0


def test_the_command_says_which_check_failed(small_run: Finished, copy: Warehouse, tmp_path: Path) -> None:
    run_sql(copy, DAMAGE["file_counts_reconcile"][0])
    study = str(small_run.folder / "small.yml")
    done = run_command(tmp_path, own_environment(tmp_path), "ingest", "--study", study, "--warehouse", copy.address)
    assert done.returncode == 0, done.stderr[-2000:]
    (said,) = (line for line in done.stderr.splitlines() if line.startswith("    check "))
    assert said == (
        "    check file_counts_reconcile of raw/ingested_files failed: "
        "files whose read lines are not accepted, rejected or duplicate: 1"
    )


@pytest.fixture
def failing_check(small_run: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let each step find what a letter says, ``+`` or ``-``, of one check; the last one fails when it is ``!``."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def study(found: str) -> None:
        findings = iter(found)

        def step(job: str, partition: object, instance: dg.DagsterInstance) -> None:
            if (finding := next(findings, "")) == "!":
                raise run.RunError("no room")
            if finding:
                instance.report_runless_asset_event(evaluation(passed=finding == "+"))

        monkeypatch.setattr(run, "run_step", step)
        workspace = open_workspace(study=str(small_run.folder / "small.yml"), warehouse=str(tmp_path / "copy.duckdb"))
        run.run_study(plan(workspace.study), workspace, force=True)

    return study


def evaluation(*, passed: bool) -> dg.AssetCheckEvaluation:
    """What a check on users' places found."""
    key = dg.AssetKey(["ml", "user_embeddings"])
    return dg.AssetCheckEvaluation(
        asset_key=key, check_name="every_user_has_a_place", passed=passed, metadata={}, description="3 users"
    )


FAILED = "    check every_user_has_a_place of ml/user_embeddings failed: 3 users\n"


@pytest.mark.parametrize(("found", "said"), [("+-", True), ("-+", False), ("+", False)])
def test_what_a_check_finds_last_counts(
    copy: Warehouse, failing_check: Callable[[str], None], capsys: pytest.CaptureFixture[str], found: str, said: bool
) -> None:
    failing_check(found)
    assert (FAILED in capsys.readouterr().err) is said


def test_a_run_that_stops_tells_what_was_found_before(
    copy: Warehouse, failing_check: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(run.RunError):
        failing_check("-!")
    assert FAILED in capsys.readouterr().err


def test_what_an_earlier_command_found_is_not_told_again(
    copy: Warehouse, failing_check: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing_check("-")
    assert FAILED in capsys.readouterr().err
    time.sleep(1)  # Dagster records whole seconds.
    failing_check("")
    assert FAILED not in capsys.readouterr().err


def test_a_step_in_a_process_of_its_own_is_heard_too(
    small_run: Finished,
    copy: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_sql(copy, "update ml.population_scores set value = 'nan' where population = 'real_subsample'")
    monkeypatch.setenv("PERSONA_FIDELITY_STUDY", str(small_run.folder / "small.yml"))
    monkeypatch.setenv("PERSONA_FIDELITY_WAREHOUSE", copy.address)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    workspace = open_workspace()
    (step,) = (step for step in plan(workspace.study) if step.label == "random_rater on Combined")
    run.run_study([step._replace(own_process=True)], workspace, force=True)
    assert "    check scores_are_finite of ml/population_scores failed: " in capsys.readouterr().err
