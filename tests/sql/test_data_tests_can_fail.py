"""Each singular test, and each kind of generic test, sees the damage it is there for."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.sql.batches import build_copies
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
    "assert_splits_hold_their_categories": "delete from corpus.interactions where position = 2 and split = 'Games'",
    "assert_nobody_lacks_interactions": (
        "delete from corpus.interactions where user_id = (select min(user_id) from corpus.interactions)"
    ),
    "assert_core_is_a_core": (
        "delete from corpus.core_reviews where item_id = 'i01' and user_id != (select max(user_id) from"
        " corpus.core_reviews where item_id = 'i01')"
    ),
    "assert_core_reviews_follow_their_states": "update corpus.core_reviews set rating = 0.5 where item_id = 'i02'",
    # A view is made of other rows, not changed: those that it pairs no longer fit the counts.
    "assert_pairs_follow_from_their_interactions": "update corpus.users set n_pairs = n_pairs + 1",
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


# Those that look only at untested rows when `dbt build` runs them, with what each may find.
UNTESTED = (
    ("assert_splits_hold_their_categories", DAMAGE["assert_splits_hold_their_categories"]),
    ("assert_pairs_follow_from_their_interactions", DAMAGE["assert_pairs_follow_from_their_interactions"]),
    (
        "assert_pairs_follow_from_their_interactions",
        "update corpus.interactions set fold = 'train' where split = 'Games'",
    ),
    (
        "assert_pairs_follow_from_their_interactions",
        "insert into corpus.interactions select * from corpus.interactions where split = 'Games'",
    ),
    ("assert_profiles_show_only_their_window", DAMAGE["assert_profiles_show_only_their_window"]),
    # These look at all rows; here with no other damage.
    ("assert_nobody_lacks_interactions", DAMAGE["assert_nobody_lacks_interactions"]),
    ("assert_core_reviews_follow_their_states", DAMAGE["assert_core_reviews_follow_their_states"]),
)


def damaged_copy(simulated: Built, folder: Path, *statements: str) -> Path:
    """A copy of the simulated warehouse with some damage done."""
    warehouse = folder / "simulated.duckdb"
    shutil.copy(simulated.warehouse.path, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)
    return warehouse


@pytest.fixture(scope="module")
def damaged(simulated: Built, tmp_path_factory: pytest.TempPathFactory) -> DbtRun:
    """`dbt test` of the tests named here."""
    folder: Path = tmp_path_factory.mktemp("damaged")
    generic = [f"{prefix}*" for prefix in GENERIC_DAMAGE]
    warehouse = damaged_copy(simulated, folder, *DAMAGE.values(), *GENERIC_DAMAGE.values())
    return run_dbt(warehouse, "test", "--select", "test_type:singular", *generic, target=folder / "target")


# Nothing is tested yet, as in a full build; or all but one split is, as in a batch.
TESTED = {"after a full build": "false", "after a batch": "split != 'Games'"}


def untested_copy(simulated: Built, folder: Path, damage: str, *, tested: str) -> Path:
    """A damaged copy in which only some rows were tested before."""
    folder.mkdir()
    tables = "corpus.interactions", "corpus.users", "personas.grounding_blocks"
    return damaged_copy(
        simulated, folder, damage, *(f"update {table}_built set is_tested = {tested}" for table in tables)
    )


@pytest.fixture(scope="module")
def untested_builds(simulated: Built, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], str]:
    """How the data test named ended, for each damage and state."""
    folder: Path = tmp_path_factory.mktemp("untested")
    cases = [(name, damage, when) for name, damage in UNTESTED for when in TESTED]
    copies = [
        (untested_copy(simulated, folder / f"{number}", damage, tested=TESTED[when]), name)
        for number, (name, damage, when) in enumerate(cases)
    ]
    done = build_copies(copies, folder / "target")
    return {case: statuses[f"test.persona_fidelity.{case[0]}"] for case, statuses in zip(cases, done, strict=True)}


@pytest.mark.parametrize("when", TESTED)
@pytest.mark.parametrize(("name", "damage"), UNTESTED)
def test_a_build_sees_damage_in_untested_rows(
    untested_builds: dict[tuple[str, str, str], str], name: str, damage: str, when: str
) -> None:
    assert untested_builds[name, damage, when] == "fail"


def test_a_build_passes_over_rows_that_were_tested(simulated: Built, tmp_path: Path) -> None:
    name, damage = UNTESTED[2]
    warehouse = damaged_copy(simulated, tmp_path, damage)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update corpus.users_built set is_tested = (split = 'Games')")
    done = run_dbt(warehouse, "build", "--select", name, target=tmp_path / "target")
    assert done.named("test.persona_fidelity.")[name] == "pass"


def test_a_test_of_all_rows_follows_a_build_in_one_folder(simulated: Built, tmp_path: Path) -> None:
    """`dbt test` goes on with what `dbt build` has read of the project; only one of the two reads the pairs of the view."""
    name = "assert_pairs_follow_from_their_interactions"
    warehouse = damaged_copy(simulated, tmp_path)
    for command in ("build", "test"):
        done = run_dbt(warehouse, command, "--select", name, target=tmp_path / "target")
        assert done.returncode == 0, done.output
        assert done.named("test.persona_fidelity.") == {name: "pass"}


def test_a_band_that_was_empty_when_probes_were_chosen_owes_none(simulated: Built, tmp_path: Path) -> None:
    name = "assert_probes_keep_to_their_number"
    emptied = (
        f"delete from {table} where split = 'Books' and band = 'head'"
        for table in ("probes.probe_items", "ml.item_clusters")
    )
    warehouse = damaged_copy(simulated, tmp_path, *emptied)
    done = run_dbt(warehouse, "test", "--select", name, target=tmp_path / "target")
    assert done.named("test.persona_fidelity.")[name] == "pass"


def untested(warehouse: Path, table: str, *, key: str = "user_id") -> set[tuple[str]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return set(connection.execute(f"select {key} from {table}_built where not is_tested").fetchall())


def test_a_good_build_leaves_nothing_untested(simulated: Built) -> None:
    built = "select schema_name || '.' || table_name from duckdb_tables() where table_name like '%\\_built' escape '\\'"
    tables = [name for (name,) in simulated.warehouse.rows(built)]
    assert len(tables) == 8
    for table in tables:
        assert simulated.warehouse.rows(f"select distinct is_tested from {table}") == [(True,)]


# In the second case stg_items, which core_reviews are held against, cannot be made.
UNFINISHED = {
    "a test fails": ("update raw.reviews set rating = 9, batch_id = 'second' where user_id = 'u25'",),
    "a test is skipped": (
        "update raw.reviews set batch_id = 'second' where user_id = 'u25'",
        "update raw.items set batch_id = 'second'",
        "alter table staging.stg_items drop column brand",
    ),
}


@pytest.mark.parametrize("case", UNFINISHED)
def test_rows_whose_tests_did_not_pass_stay_untested(simulated: Built, tmp_path: Path, case: str) -> None:
    """Else the next build would pass over them."""
    warehouse = damaged_copy(simulated, tmp_path, *UNFINISHED[case])
    models = "staging", "core_members", "core_states", "core_reviews"
    options = "--exclude-resource-type", "unit_test", "--select", *models
    done = run_dbt(warehouse, "build", *options, target=tmp_path / "target")
    assert done.returncode == 1, done.output
    assert untested(warehouse, "corpus.core_reviews") == {("u25",)}


def test_rows_whose_tests_were_left_out_stay_untested(simulated: Built, tmp_path: Path) -> None:
    """Of models that are built alone, as the UI can. Those of `stg_items` that are left out look at all rows each time."""
    tables = "corpus.users", "personas.grounding_blocks", "staging.stg_items"
    warehouse = damaged_copy(simulated, tmp_path, *(f"update {table}_built set is_tested = false" for table in tables))
    models = [table.partition(".")[2] for table in tables]
    options = "--exclude-resource-type", "unit_test", "--select", *models
    done = run_dbt(warehouse, "build", *options, target=tmp_path / "target")
    assert done.returncode == 0, done.output
    ran = done.named("test.persona_fidelity.")
    assert ran
    assert not {"assert_pairs_follow_from_their_interactions", "assert_profiles_show_only_their_window"} & ran.keys()
    keys = "split", "split", "category"
    left = [bool(untested(warehouse, table, key=key)) for table, key in zip(tables, keys, strict=True)]
    assert left == [True, True, False]


def test_every_singular_test_is_tried() -> None:
    assert set(DAMAGE) == {path.stem for path in (PROJECT / "dbt_project" / "data-tests").glob("*.sql")}


@pytest.mark.parametrize("name", DAMAGE)
def test_singular_test_fails(damaged: DbtRun, name: str) -> None:
    assert damaged.named("test.persona_fidelity.")[name] == "fail"


@pytest.mark.parametrize("prefix", GENERIC_DAMAGE)
def test_generic_test_fails(damaged: DbtRun, prefix: str) -> None:
    statuses = {s for name, s in damaged.named("test.persona_fidelity.").items() if name.startswith(prefix)}
    assert statuses == {"fail"}
