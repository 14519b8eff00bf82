"""What new data must not make anew: places of an encoder that was not trained again, clusters of probes that stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagster_defs.workspace import code_version
from python_assets.placement.keep import keep_places_current
from python_assets.probe_items import read_probes
from python_assets.study import Study
from python_assets.study.files import load_study
from python_assets.text.clusters import refresh_clusters
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished, run_sql
from tests.sql.support import fill_study

SPLIT, POPULATION, INSTRUMENT = "Combined", "random_rater", "paper"


@pytest.fixture
def study(small_run: Finished) -> Study:
    return load_study(str(small_run.folder / "small.yml"))


@pytest.fixture
def placed_anew(copy: Warehouse, study: Study) -> Callable[[], int]:
    def place(study: Study = study, version: str = code_version()) -> int:
        (probe_set,) = copy.rows("select probe_set_hash from probes.probe_sets where split = ?", [SPLIT])[0]
        return keep_places_current(
            copy,
            study,
            read_probes(copy, SPLIT),
            probe_set=probe_set,
            split=SPLIT,
            population=POPULATION,
            instrument=INSTRUMENT,
            code_version=version,
        )

    return place


def test_users_folded_in_move_no_persona(copy: Warehouse, placed_anew: Callable[[], int]) -> None:
    before = copy.rows("from ml.persona_embeddings order by all")
    run_sql(copy, "update ml.user_embeddings set n_train_pairs = n_train_pairs + 1, folded_in = true")
    assert placed_anew() == 0
    assert copy.rows("from ml.persona_embeddings order by all") == before


@pytest.mark.parametrize(
    "change",
    [
        f"update ml.ratings set rating = 1 + rating % 5 where population = '{POPULATION}' and persona_id = '0002'",
        f"update ml.personas set seed_user_id = 'other' where population = '{POPULATION}' and persona_id = '0002'",
        f"delete from ml.persona_embeddings where population = '{POPULATION}' and persona_id = '0002'",
        "update probes.probe_sets set probe_set_hash = 'other'",
        f"update ml.encoder_runs as e set checkpoint = o.checkpoint from ml.encoder_runs as o"
        f" where e.instrument = '{INSTRUMENT}' and e.seed = 7 and o.instrument = '{INSTRUMENT}' and o.seed = 8",
    ],
)
def test_whatever_a_place_depends_on_places_anew(copy: Warehouse, placed_anew: Callable[[], int], change: str) -> None:
    run_sql(copy, change)
    assert placed_anew() > 0
    assert placed_anew() == 0


def test_a_persona_that_is_gone_loses_its_place_and_moves_nobody(
    copy: Warehouse, placed_anew: Callable[[], int]
) -> None:
    rest = "select * from ml.persona_embeddings where persona_id <> '0002' order by all"
    before = copy.rows(rest)
    for table in ("ml.personas", "ml.ratings"):
        run_sql(copy, f"delete from {table} where population = '{POPULATION}' and persona_id = '0002'")
    assert placed_anew() == 0
    here = f"population = '{POPULATION}' and instrument = '{INSTRUMENT}'"
    assert copy.rows(f"select count(*) from ml.persona_embeddings where {here} and persona_id = '0002'") == [(0,)]
    assert copy.rows(rest) == before


def test_a_new_seed_user_shifts_numbers_but_places_only_its_own_persona(
    copy: Warehouse, placed_anew: Callable[[], int]
) -> None:
    places = f"select seed_user_id, mixture from ml.persona_embeddings where population = '{POPULATION}' and instrument = '{INSTRUMENT}'"
    before = dict(copy.rows(places))
    here = f"where population = '{POPULATION}'"
    for table, newcomer in (
        ("ml.personas", "'0001' as persona_id, 'newcomer' as seed_user_id"),
        ("ml.ratings", "'0001' as persona_id"),
    ):
        run_sql(copy, f"update {table} set persona_id = printf('%04d', persona_id::integer + 1) {here}")
        first = f"select * replace ({newcomer}) from {table} {here} and persona_id = '0002'"
        run_sql(copy, f"insert into {table} by name {first}")
    assert placed_anew() == 1
    after = dict(copy.rows(places))
    assert after.pop("newcomer") is not None
    assert after == before
    numbers = f"select persona_id, seed_user_id from {{}} where population = '{POPULATION}' and {{}} order by all"
    assert copy.rows(numbers.format("ml.persona_embeddings", f"instrument = '{INSTRUMENT}'")) == copy.rows(
        numbers.format("ml.personas", "true")
    )
    assert placed_anew() == 0


def test_settings_and_code_place_anew(copy: Warehouse, study: Study, placed_anew: Callable[..., int]) -> None:
    own = study.instruments[INSTRUMENT]
    slower = own.model_copy(update={"placement": own.placement.model_copy(update={"learning_rate": 0.001})})
    assert placed_anew(version="next") == 3
    assert placed_anew(study.model_copy(update={"instruments": study.instruments | {INSTRUMENT: slower}})) == 3
    random = study.population(POPULATION)
    wider = random.model_copy(update={"rater": random.rater.model_copy(update={"min_gap": 2.0})})
    assert placed_anew(study.model_copy(update={"populations": [wider]})) == 3
    assert placed_anew(study.model_copy(update={"seed": study.seed})) == 3
    assert placed_anew() == 0


@pytest.mark.parametrize("version", [code_version(), "next"])
def test_chosen_probes_keep_their_clusters(copy: Warehouse, study: Study, version: str) -> None:
    before = copy.rows("from ml.item_clusters order by all")
    # An item more than when the probes were chosen, as a batch of reviews brings.
    run_sql(copy, "delete from ml.item_clusters where item_id = (select min(item_id) from ml.item_clusters)")
    assert refresh_clusters(copy, study, code_version=version).num_rows == 0
    assert len(copy.rows("from ml.item_clusters")) == len(before) - 1


@pytest.mark.parametrize("cause", ["no encoder", "refresh", "other seed", "fewer probes", "other categories"])
def test_probes_to_be_chosen_are_clustered(copy: Warehouse, study: Study, cause: str) -> None:
    before = copy.rows("select split, item_id from ml.item_clusters order by all")
    match cause:
        case "no encoder":
            run_sql(copy, "delete from ml.encoder_runs")
        case "refresh":
            study = study.model_copy(update={"probes": study.probes.model_copy(update={"refresh": True})})
        case "other seed":
            study = study.model_copy(update={"seed": 8})
        case "fewer probes":
            study = study.model_copy(update={"probes": study.probes.model_copy(update={"count": 10})})
        case "other categories":
            study = study.model_copy(update={"splits": {SPLIT: ["All_Beauty"]}})
    copy.write(lambda connection: fill_study(connection, study))
    run_sql(copy, "delete from ml.item_clusters where item_id = (select min(item_id) from ml.item_clusters)")
    refresh_clusters(copy, study, code_version=code_version())
    assert copy.rows("select split, item_id from ml.item_clusters order by all") == before


def test_clusters_of_a_split_that_left_the_study_go(copy: Warehouse, study: Study) -> None:
    run_sql(copy, "insert into ml.item_clusters by name select * replace ('Gone' as split) from ml.item_clusters")
    run_sql(copy, "insert into ml.encoder_runs by name select * replace ('Gone' as split) from ml.encoder_runs")
    refresh_clusters(copy, study, code_version=code_version())
    assert copy.rows("select distinct split from ml.item_clusters") == [(SPLIT,)]
