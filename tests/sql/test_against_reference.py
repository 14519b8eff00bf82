"""SQL and plain Python agree on a corpus with every hard case, and the core on random graphs."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from tests.sql.conftest import Built
from tests.sql.reference_pipeline import (
    Interaction,
    Pair,
    earliest_reviews,
    histories,
    mine_pairs,
    peel_core,
    popularity_bands,
)
from tests.sql.simulated_rows import simulated_reviews, simulated_study

STUDY = simulated_study()


@pytest.fixture(scope="module")
def expected() -> list[Interaction]:
    reviews = earliest_reviews(simulated_reviews(seed=3))
    core = peel_core(((r.category, r.user_id, r.item_id) for r in reviews), STUDY.core)
    assert 0 < len(core) < len(reviews) < len(simulated_reviews(seed=3))
    return histories([r for r in reviews if (r.category, r.user_id, r.item_id) in core], STUDY.splits)


def test_interactions(simulated: Built, expected: list[Interaction]) -> None:
    found = simulated.warehouse.rows(
        "select split, user_id, item_id, category, rating, position, n_reviews, fold from corpus.interactions"
    )
    assert sorted(found) == sorted(expected)


def test_combined_history_spans_categories(simulated: Built) -> None:
    """Some user has reviews of both categories in one history, and some item id stands for one review of two."""
    ((users, items),) = simulated.warehouse.rows(
        """
        select
            count(*) filter (where len(categories) = 2),
            (select count(*) from corpus.interactions where split = 'Combined')
            - (select count(*) from corpus.interactions where split != 'Combined')
        from (
            select list(distinct category) as categories from corpus.interactions where split = 'Combined' group by user_id
        )
        """
    )
    assert users > 0
    assert items < 0


def test_preference_pairs(simulated: Built, expected: list[Interaction]) -> None:
    found = simulated.warehouse.rows(
        "select split, user_id, preferred_item_id, other_item_id, rating_gap, fold from corpus.preference_pairs"
    )
    assert sorted(Pair(*row) for row in found) == sorted(mine_pairs(expected, STUDY.pairs.min_gap))


def test_item_bands(simulated: Built, expected: list[Interaction]) -> None:
    found = simulated.warehouse.rows("select split, item_id, band from probes.item_bands")
    bands = popularity_bands(expected, head=STUDY.probes.head_items, torso=STUDY.probes.torso_items)
    assert {(split, item): band for split, item, band in found} == bands


def test_profiles_count_training_reviews(simulated: Built, expected: list[Interaction]) -> None:
    found = simulated.warehouse.rows("select split, user_id, n_reviews from personas.grounding_profiles")
    heavy = {(row.split, row.user_id): 8 * row.n_reviews // 10 for row in expected if row.n_reviews >= 6}
    assert {(split, user): n for split, user, n in found} == heavy


@pytest.mark.parametrize("seed", range(20))
def test_core_of_random_graphs(simulated: Built, seed: int) -> None:
    """Sparse graphs near the threshold, where many rounds are needed."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 5))
    edges = {
        (f"c{rng.integers(2)}", f"u{rng.integers(40):02d}", f"i{rng.integers(30):02d}")
        for _ in range(int(rng.integers(60, 300)))
    }
    (path,) = (simulated.target / "compiled").rglob("models/corpus/core_members.sql")
    with duckdb.connect() as connection:
        connection.execute(
            """
            attach ':memory:' as simulated;
            create schema simulated.raw;
            create schema simulated.staging;
            create table simulated.staging.stg_reviews (category varchar, user_id varchar, item_id varchar);
            """
        )
        connection.execute("create table simulated.raw.study as select ? as core", [k])
        connection.executemany("insert into simulated.staging.stg_reviews values (?, ?, ?)", sorted(edges))
        found = connection.execute(path.read_text()).fetchall()
    core = peel_core(edges, k)
    members = {(category, "user", user) for category, user, _ in core}
    members |= {(category, "item", item) for category, _, item in core}
    assert sorted(found) == sorted(members)
