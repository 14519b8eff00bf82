"""Which splits keep their clusters when the study gives a split other categories, or wants other probes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from python_assets.study import Population, Probes, Rater, Source, Study
from python_assets.text.clusters import PROBE_SETTINGS, refresh_clusters
from python_assets.warehouse import Warehouse
from tests.sql.support import fill_study

CLUSTERS = "select split, item_id, cluster, categories from ml.item_clusters order by all"


@pytest.fixture
def encoded(tmp_path: Path) -> Warehouse:
    """Five items of each of two categories, and an encoder of a split of both."""
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    vectors = np.random.default_rng(1).normal(size=(10, 384)).tolist()
    names = [(category, f"{category} {number}") for category in ("Beauty", "Music") for number in range(5)]
    with made.connect(read_only=False) as connection:
        connection.execute("create schema corpus; create schema probes")
        connection.execute(
            "create or replace table ml.encoder_runs as select 'Both' as split, 42 as seed, null::varchar as categories"
        )
        connection.execute(
            "create or replace table ml.item_embeddings (category text, item_id text, text_hash text, embedding float[384])"
        )
        rows = [(category, item, item, vector) for (category, item), vector in zip(names, vectors, strict=True)]
        connection.executemany("insert into ml.item_embeddings values (?, ?, ?, ?)", rows)
    return made


def cluster(
    warehouse: Warehouse,
    *categories: str,
    probes: int = 6,
    head: float = 0.2,
    version: str = "test",
    stopped: bool = False,
) -> int:
    """What a run does up to the probes, of which every item is one; returns how many items were clustered.

    One that is stopped has its clusters, but the probes of before.
    """
    items = "select 'Both' as split, category, item_id from ml.item_embeddings where list_contains(?, category)"
    with warehouse.connect(read_only=False) as connection:
        connection.execute(f"create or replace table corpus.items as {items}", [list(categories)])
        connection.execute(
            "create or replace table probes.item_bands as select split, item_id, 'head' as band from corpus.items"
        )
        connection.execute(
            "create table if not exists probes.probe_items as select *, 'head' as band, 0 as cluster, 0::ubigint as settings_hash"
            " from corpus.items"
        )
    study = Study(
        name="clusters",
        sources=[Source(category=name, reviews=["unused"]) for name in ("Beauty", "Music")],
        splits={"Both": list(categories)},
        probes=Probes(count=probes, head=head),
        populations=[Population(name="perfect", condition="control", rater=Rater(backend="perfect"))],
    )
    with warehouse.connect(read_only=False) as connection:
        fill_study(connection, study)
    done = refresh_clusters(warehouse, study, code_version=version).num_rows
    if not stopped:
        with warehouse.connect(read_only=False) as connection:
            connection.execute(
                f"create or replace table probes.probe_items as select items.*, band, cluster,"
                f" (select {PROBE_SETTINGS} from raw.study) as settings_hash"
                " from corpus.items as items inner join ml.item_clusters using (split, item_id)"
            )
    return done


def test_a_split_that_lost_and_regained_a_category_is_clustered_as_at_first(encoded: Warehouse) -> None:
    assert cluster(encoded, "Beauty", "Music") == 10
    first = encoded.rows(CLUSTERS)
    assert cluster(encoded, "Music") == 5
    assert cluster(encoded, "Beauty", "Music") == 10
    assert encoded.rows(CLUSTERS) == first
    assert {categories for *_, categories in first} == {"Beauty|Music"}


def test_the_same_categories_in_another_order_change_nothing(encoded: Warehouse) -> None:
    cluster(encoded, "Beauty", "Music")
    assert cluster(encoded, "Music", "Beauty") == 0


def test_clusters_of_older_code_stay_and_say_their_categories_from_then_on(encoded: Warehouse) -> None:
    cluster(encoded, "Music")
    before = encoded.rows(CLUSTERS)
    encoded.write(lambda connection: connection.execute("update ml.item_clusters set categories = null"))
    assert cluster(encoded, "Music") == 0
    assert encoded.rows(CLUSTERS) == before
    assert cluster(encoded, "Beauty", "Music") == 10


def test_clusters_of_older_code_go_when_a_category_has_left(encoded: Warehouse) -> None:
    cluster(encoded, "Beauty", "Music")
    encoded.write(lambda connection: connection.execute("update ml.item_clusters set categories = null"))
    assert cluster(encoded, "Music") == 5
    assert {categories for *_, categories in encoded.rows(CLUSTERS)} == {"Music"}


@pytest.mark.parametrize("met", ["categories = 'Beauty'", "categories = 'Beauty|Music', seed = 43"])
def test_probes_that_no_encoder_of_the_split_has_met_are_chosen_anew(encoded: Warehouse, met: str) -> None:
    encoded.write(lambda connection: connection.execute(f"update ml.encoder_runs set {met}"))
    assert cluster(encoded, "Beauty", "Music") == 10
    assert cluster(encoded, "Beauty", "Music") == 10
    met = "categories = 'Beauty|Music', seed = 42"
    encoded.write(lambda connection: connection.execute(f"update ml.encoder_runs set {met}"))
    assert cluster(encoded, "Beauty", "Music") == 0


@pytest.mark.parametrize("gone", [False, True], ids=["probes of before", "no probes"])
def test_a_run_that_was_stopped_before_its_probes_leaves_clusters_that_are_made_anew(
    encoded: Warehouse, gone: bool
) -> None:
    cluster(encoded, "Beauty", "Music")
    assert cluster(encoded, "Beauty", "Music", probes=4, stopped=True) == 10
    if gone:
        encoded.write(lambda connection: connection.execute("delete from probes.probe_items"))
    assert cluster(encoded, "Beauty", "Music", probes=4) == 10
    assert cluster(encoded, "Beauty", "Music", probes=4) == 0


@pytest.mark.parametrize("change", [{"version": "next"}, {"head": 0.201}], ids=["newer code", "as many probes"])
def test_clusters_stay_wherever_the_probes_do(encoded: Warehouse, change: dict[str, Any]) -> None:
    cluster(encoded, "Music", probes=20)
    before = encoded.rows(CLUSTERS)
    newer = "select 'Music', 'new', 'new', embedding from ml.item_embeddings limit 1"
    encoded.write(lambda connection: connection.execute(f"insert into ml.item_embeddings {newer}"))
    assert cluster(encoded, "Music", probes=20, **change) == 0
    assert encoded.rows(CLUSTERS) == before


def test_clusters_that_probes_were_never_chosen_from_do_not_stay(encoded: Warehouse) -> None:
    cluster(encoded, "Music", probes=20)
    before = encoded.rows(CLUSTERS)
    assert cluster(encoded, "Music", probes=10, stopped=True) == 5
    assert encoded.rows(CLUSTERS) != before
    assert cluster(encoded, "Music", probes=20) == 5
    assert encoded.rows(CLUSTERS) == before
