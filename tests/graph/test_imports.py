"""What was made elsewhere, through the whole graph: the answers of a population, exported and imported, score as it does."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs.workspace import open_workspace
from python_assets.metrics.score_stand_ins import hold_against
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished, finished_run

TWIN = """
  - {name: twin, condition: imported, size: 40, rater: {backend: imported, model: elsewhere}}
"""
ANSWERS = """
    select p.persona_id, p.seed_user_id, r.item_id, r.rating from ml.ratings as r
    inner join ml.personas as p using (split, population, persona_id)
    where r.population = 'perfect_rater' and r.instrument = 'paper' order by all
"""
SAME = """
    select n_personas, n_unplaceable, rating_correlation from results.fidelity
    where population = '{}' and instrument = 'paper'
"""

# What perfect answers miss is the protocol's, however many personas gave them; nearly, as each is placed from a start of its own.
PERSONAS_PART = """
    select count(persona), max(abs(persona)) from results.gap_decomposition
    where population = 'twin' and instrument = 'paper'
"""


@pytest.fixture(scope="module")
def twin_run(small_run: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("imports")
    shutil.copytree(small_run.folder / "warehouse", folder / "warehouse")
    study = (small_run.folder / "small.yml").read_text().replace("\nmetrics:", f"{TWIN}metrics:")
    (folder / "small.yml").write_text(study)
    before = Finished(
        folder, small_run.warehouse, "", small_run.environment | {"DAGSTER_HOME": str(folder / ".dagster")}
    )
    exported = before.command("sql", ANSWERS, "--format", "csv", "--warehouse", "warehouse/small.duckdb")
    (folder / "answers.csv").write_text(exported.stdout)
    done = before.command("import-ratings", "answers.csv", "--population", "twin", "--study", "small.yml")
    assert done.returncode == 0, done.stderr
    assert "twin on Combined: 40 personas, 40 of them with a seed user; 800 of 800 answers" in done.stdout
    return finished_run(folder, study)


def test_the_same_answers_get_the_same_score(twin_run: Finished) -> None:
    ((*counts, correlation),) = twin_run.warehouse.rows(SAME.format("perfect_rater"))
    ((*own_counts, own_correlation),) = twin_run.warehouse.rows(SAME.format("twin"))
    assert own_counts == counts
    assert own_correlation == pytest.approx(correlation, abs=1e-9)
    assert twin_run.warehouse.rows(PERSONAS_PART) == [(4, pytest.approx(0, abs=0.06))]


@pytest.mark.parametrize(("scored_last", "known"), [("twin", 5), ("perfect_rater", 5), ("random_rater", 0)])
def test_it_is_held_against_the_perfect_rater_whichever_was_scored_last(
    twin_run: Finished, tmp_path: Path, scored_last: str, known: int
) -> None:
    copied = Warehouse(shutil.copy(twin_run.warehouse.path, tmp_path / "w.duckdb"))
    study = open_workspace(study=str(twin_run.folder / "small.yml")).study
    values = "select metric, perfect_value from ml.population_scores where population = 'twin' and instrument = 'paper' order by 1"
    before = copied.rows(values)
    copied.write(lambda connection: connection.execute("update ml.population_scores set perfect_value = null"))
    hold_against(copied, study, scored_last, split="Combined", instrument="paper")
    after = copied.rows(values)
    assert sum(value is not None for _, value in after) == known
    assert not known or after == before
    others = "select count(perfect_value) from ml.population_scores where population <> 'twin' or instrument <> 'paper'"
    assert copied.rows(others) == [(0,)]


def test_fewer_personas_than_wanted_are_said_on_the_way(twin_run: Finished) -> None:
    assert "random_rater of" not in twin_run.progress
    study = (
        (twin_run.folder / "small.yml")
        .read_text()
        .replace("twin, condition: imported, size: 40", "twin, condition: imported, size: 41")
    )
    (twin_run.folder / "larger.yml").write_text(study)
    done = twin_run.command(
        "run", "--study", "larger.yml", "--warehouse", "warehouse/small.duckdb", "--until", "evaluate"
    )
    assert done.returncode == 0, done.stderr
    assert "    twin of Combined: 41 personas wanted, 40 imported\n" in done.stderr


def test_results_and_report_name_it(twin_run: Finished) -> None:
    rows = twin_run.warehouse.rows(
        "select distinct source, condition, rater from results.population_metrics where population = 'twin'"
    )
    assert rows == [("persona", "imported", "elsewhere (imported)")]
    (report,) = (twin_run.folder / "warehouse").rglob("*.html")
    assert "twin" in report.read_text()


def test_only_a_new_import_is_scored_again(twin_run: Finished) -> None:
    scored = "select population, max(created_at) from ml.population_scores where source <> 'synthetic' group by all order by all"
    before = dict(twin_run.warehouse.rows(scored))
    lines = (twin_run.folder / "answers.csv").read_text().splitlines()
    (twin_run.folder / "answers.csv").write_text("\n".join(lines[: 1 + 20 * 20]) + "\n")
    done = twin_run.command("import-ratings", "answers.csv", "--population", "twin", "--study", "small.yml")
    assert done.returncode == 0, done.stderr
    twin_run.command("run", "--study", "small.yml")
    after = dict(twin_run.warehouse.rows(scored))
    assert {population for population in after if after[population] != before[population]} == {"twin"}
    assert twin_run.warehouse.rows("select distinct n from ml.population_scores where population = 'twin'") == [(20,)]
    assert twin_run.warehouse.rows(PERSONAS_PART) == [(4, pytest.approx(0, abs=0.06))]
    assert twin_run.warehouse.rows(SAME.format("twin"))[0][0] == 20


def test_dagster_knows_where_it_came_from(twin_run: Finished) -> None:
    with dg.DagsterInstance.from_config(twin_run.environment["DAGSTER_HOME"]) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["raw", "imported_ratings"]))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.partition == "twin|Combined"
    assert Path(str(event.asset_materialization.metadata["path"].value)).name == "answers.csv"


def test_status_names_the_file(twin_run: Finished) -> None:
    done = twin_run.command("status")
    assert f"ratings of {twin_run.folder / 'answers.csv'}" in done.stdout


def test_a_bad_file_is_one_sentence(twin_run: Finished) -> None:
    (twin_run.folder / "bad.csv").write_text("persona_id,item_id,rating\na,b,9\n")
    done = twin_run.command("import-ratings", "bad.csv", "--population", "twin", "--study", "small.yml")
    assert done.returncode == 1
    assert done.stderr.strip() == "Error: Row 1 of bad.csv has the rating 9: give a number from 1 to 5."


def test_what_is_taken_out_again_leaves_no_score(twin_run: Finished) -> None:
    done = twin_run.command("import-ratings", "--withdraw", "--population", "twin", "--study", "small.yml")
    assert done.returncode == 0, done.stderr
    assert f"twin on Combined: 400 ratings of {twin_run.folder / 'answers.csv'} are taken out\n" in done.stdout
    again = twin_run.command("import-ratings", "--withdraw", "--population", "twin", "--study", "small.yml")
    assert again.returncode == 0, again.stderr
    assert "twin: the ratings are withdrawn already\n" in again.stdout
    with dg.DagsterInstance.from_config(twin_run.environment["DAGSTER_HOME"]) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["raw", "imported_ratings"]))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["n_rows"].value == 0
    done = twin_run.command("run", "--study", "small.yml")
    assert done.returncode == 0, done.stderr
    assert "twin of Combined: 40 personas wanted, 0 imported" in done.stderr
    for table in ("ml.personas", "ml.ratings", "ml.persona_embeddings", "results.population_metrics"):
        assert twin_run.warehouse.rows(f"select count(*) from {table} where population = 'twin'") == [(0,)], table
