"""Each singular test, and each kind of generic test, sees the damage it is there for."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.sql.conftest import Built
from tests.sql.support import PROJECT, DbtRun, run_dbt

# What is done to a good warehouse, by the singular test that must notice.
DAMAGE = {
    "assert_history_is_in_time_order": (
        "update corpus.interactions set reviewed_at = '1990-01-01' where fold = 'test' and split = 'Books'"
    ),
    "assert_folds_have_their_shares": (
        "update corpus.interactions set fold = 'train' where fold = 'validation' and split = 'Games'"
    ),
    "assert_splits_hold_their_categories": (
        "delete from corpus.interactions where user_id = (select min(user_id) from corpus.interactions)"
    ),
    "assert_core_is_a_core": (
        "delete from corpus.core_reviews where item_id = 'i01' and user_id != (select max(user_id) from"
        " corpus.core_reviews where item_id = 'i01')"
    ),
    "assert_pairs_have_the_least_gap": "update corpus.preference_pairs set rating_gap = 0.5 where split = 'Books'",
    "assert_pairs_take_the_later_fold": "update corpus.preference_pairs set fold = 'train' where split = 'Games'",
    "assert_pairs_keep_to_the_cap": "update raw.study set max_pairs_per_user = 5",
    "assert_probes_keep_to_their_number": "delete from probes.probe_items where split = 'Books' and band = 'tail'",
    "assert_probes_are_numbered_without_gaps": (
        "insert into probes.probe_items select * from probes.probe_items where split = 'Games' and probe_number = 1"
    ),
    "assert_ingested_files_reconcile": "update raw.ingested_files set n_duplicate = n_duplicate + 1",
    "assert_profiles_show_only_their_window": "update personas.grounding_blocks set n_reviews = n_reviews + 1",
    "assert_marginals_add_up": (
        "update personas.demographic_marginals set probability = probability / 2 where attribute = 'age'"
    ),
    "assert_anchors_are_zero_and_one": "update results.fgi set fgi = 0.5 where population = 'real_subsample'",
    "assert_gap_parts_add_up": "update results.gap_decomposition set total = total + 1",
    "assert_every_persona_population_is_scored": "delete from results.fidelity where population = 'grounded'",
}

# The same for the generic tests, by the beginning of the name that dbt gives them.
GENERIC_DAMAGE = {
    "unique_combination_users_": "insert into corpus.users select * from corpus.users",
    "references_combination_seed_users_": "update personas.seed_users set user_id = user_id || '?' where split = 'Books'",
    "accepted_range_item_bands_popularity_rank": "update probes.item_bands set popularity_rank = 0",
    "accepted_values_item_bands_band": "update probes.item_bands set band = 'middle' where split = 'Combined'",
    "not_null_columns_items_": "update corpus.items set category = null",
    "not_blank_stg_items_item_title": "update staging.stg_items set item_title = ' '",
}


@pytest.fixture(scope="module")
def damaged(simulated: Built, tmp_path_factory: pytest.TempPathFactory) -> DbtRun:
    """The tests named here on a copy of the simulated warehouse with every damage done."""
    folder: Path = tmp_path_factory.mktemp("damaged")
    warehouse = folder / "simulated.duckdb"
    shutil.copy(simulated.warehouse.path, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        for statement in (*DAMAGE.values(), *GENERIC_DAMAGE.values()):
            connection.execute(statement)
    generic = [f"{prefix}*" for prefix in GENERIC_DAMAGE]
    return run_dbt(warehouse, "test", "--select", "test_type:singular", *generic, target=folder / "target")


def test_every_singular_test_is_tried() -> None:
    assert set(DAMAGE) == {path.stem for path in (PROJECT / "dbt_project" / "data-tests").glob("*.sql")}


@pytest.mark.parametrize("name", DAMAGE)
def test_singular_test_fails(damaged: DbtRun, name: str) -> None:
    assert damaged.named("test.persona_fidelity.")[name] == "fail"


@pytest.mark.parametrize("prefix", GENERIC_DAMAGE)
def test_generic_test_fails(damaged: DbtRun, prefix: str) -> None:
    statuses = {s for name, s in damaged.named("test.persona_fidelity.").items() if name.startswith(prefix)}
    assert statuses == {"fail"}
