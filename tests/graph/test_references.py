"""New references take away the scores of populations that were held against others."""

from __future__ import annotations

import pytest

from dagster_defs.workspace import open_workspace
from python_assets.metrics.save_references import save_references
from python_assets.metrics.score_split import score_references_of
from python_assets.stages import finished_stages, forget_split
from python_assets.study import BASELINE_SOURCES, Study
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished, run_sql

TABLES = ("population_scores", "paired_scores", "paired_distances", "anchor_scores", "reference_embeddings")


def rows_of(warehouse: Warehouse, instrument: str) -> dict[str, int]:
    counts = {table: f"select count(*) from ml.{table} where instrument = ?" for table in TABLES}
    return {table: warehouse.rows(sql, [instrument])[0][0] for table, sql in counts.items()}


@pytest.fixture
def study(small_run: Finished) -> Study:
    return open_workspace(study=str(small_run.folder / "small.yml")).study


def score_again(warehouse: Warehouse, study: Study) -> None:
    key = {"split": "Combined", "instrument": "paper"}
    made = score_references_of(warehouse, study, **key, code_version="test")
    save_references(warehouse, made, **key, placement=study.instruments["paper"].placement)


def test_the_same_references_leave_the_populations_alone(copy: Warehouse, study: Study) -> None:
    before = rows_of(copy, "paper")
    copy.write(lambda connection: connection.execute("update ml.anchor_scores set floor_std = null"))
    score_again(copy, study)
    assert rows_of(copy, "paper") == before
    assert copy.rows("select count(*) from ml.anchor_scores where instrument = 'paper' and floor_std > 0")[0][0] >= 6


# The last two leave floor and ceiling as they are.
@pytest.mark.parametrize("changed", ["neighbours", "permutations", "triplets"])
def test_other_references_take_what_was_held_against_the_former(copy: Warehouse, study: Study, changed: str) -> None:
    other = rows_of(copy, "scale_free")
    metrics = study.metrics.model_copy(update={changed: getattr(study.metrics, changed) - 1})
    score_again(copy, study.model_copy(update={"metrics": metrics}))
    left = {
        name for (name,) in copy.rows("select distinct population from ml.population_scores where instrument = 'paper'")
    }
    assert left == set(BASELINE_SOURCES)
    found = rows_of(copy, "paper")
    assert found["paired_scores"] == found["paired_distances"] == 0
    assert copy.rows("select count(distinct n), count(*) from ml.anchor_scores where instrument = 'paper'") == [(1, 8)]
    assert rows_of(copy, "scale_free") == other


def scored(warehouse: Warehouse) -> dict[str, set[str]]:
    """Which populations have scores of each kind with the instrument ``paper``."""
    tables = ("population_scores", "paired_scores", "paired_distances")
    names = "select distinct population from ml.{} where instrument = 'paper'"
    return {table: {name for (name,) in warehouse.rows(names.format(table))} for table in tables}


def test_other_probes_or_placements_take_the_scores_of_who_was_placed_with_the_former(
    copy: Warehouse, study: Study
) -> None:
    before, other = scored(copy), rows_of(copy, "scale_free")
    run_sql(copy, "update ml.persona_embeddings set probe_set_hash = 'other' where population = 'random_rater'")
    score_again(copy, study)
    assert scored(copy) == {table: names - {"random_rater"} for table, names in before.items()}
    paper = study.instruments["paper"]
    slower = paper.model_copy(update={"placement": paper.placement.model_copy(update={"steps": 100})})
    score_again(copy, study.model_copy(update={"instruments": study.instruments | {"paper": slower}}))
    assert scored(copy) == {table: names & set(BASELINE_SOURCES) for table, names in before.items()}
    assert rows_of(copy, "scale_free") == other


def test_who_makes_an_encoder_anew_makes_its_populations_due(copy: Warehouse) -> None:
    before = {stage.job for stage in finished_stages(copy)}
    assert before >= {"prepare", "encode", "evaluate", "publish"}
    forget_split(copy, "ombined")
    assert {stage.job for stage in finished_stages(copy)} == before - {"publish"}
    forget_split(copy, "Combined")
    assert {stage.job for stage in finished_stages(copy)} == before - {"encode", "evaluate", "publish"}
