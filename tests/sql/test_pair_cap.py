"""A cap on a user's pairs: a sample of them, drawn without making the others."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from python_assets.warehouse import Warehouse
from tests.sql.conftest import Built
from tests.sql.reference_pipeline import Interaction, Pair, draw_pairs, mine_pairs

PAIRS = "select split, user_id, preferred_item_id, other_item_id, rating_gap, fold from corpus.preference_pairs"
INTERACTIONS = "select split, user_id, item_id, category, rating, position, n_reviews, fold from corpus.interactions"


@pytest.fixture
def copy(simulated: Built, tmp_path: Path) -> Warehouse:
    """Pairs are a view: with other interactions or another cap in a copy, other pairs are in it."""
    return Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "copy.duckdb"))


def run_sql(warehouse: Warehouse, sql: str) -> None:
    with warehouse.connect(read_only=False) as connection:
        connection.execute(sql)


@pytest.mark.parametrize(
    ("cap", "gap", "seed"), [(1, 1.0, 7), (6, 1.0, 8), (20, 0.5, 9), (20, 2.5, 7), (100_000, 1.0, 7)]
)
def test_drawn_pairs_are_those_of_plain_python(copy: Warehouse, cap: int, gap: float, seed: int) -> None:
    run_sql(copy, f"update raw.study set max_pairs_per_user = {cap}, pair_min_gap = {gap}, seed = {seed}")
    interactions = [Interaction(*row) for row in copy.rows(INTERACTIONS)]
    expected = draw_pairs(interactions, gap, cap=cap, seed=seed)
    assert sorted(Pair(*row) for row in copy.rows(PAIRS)) == sorted(expected)
    everything = mine_pairs(interactions, gap)
    assert len(set(expected)) == len(expected)
    assert set(expected) <= set(everything)
    of_each = Counter((pair.split, pair.user_id) for pair in everything)
    assert Counter((pair.split, pair.user_id) for pair in expected) == {who: min(n, cap) for who, n in of_each.items()}


def test_every_pair_has_the_same_chance(copy: Warehouse) -> None:
    """Many users with one history and 40 of its pairs each: a pair is drawn as often as any other, within chance."""
    run_sql(
        copy,
        """
        update raw.study set max_pairs_per_user = 40;
        create table history as from corpus.interactions where false;
        insert into history by name
        select 'Books' as split, 'user' || number as user_id, 'i' || item as item_id, 'Books' as category,
            1 + item % 5 as rating, item + 1 as position, 30 as n_reviews, 'train' as fold
        from range(2000) as users(number), range(30) as items(item);
        delete from corpus.interactions;
        insert into corpus.interactions by name from history;
        """,
    )
    drawn = Counter((pair[2], pair[3]) for pair in copy.rows(PAIRS))
    n_pairs = 10 * 6 * 6
    share = 40 / n_pairs
    assert len(drawn) == n_pairs
    assert sum(drawn.values()) == 2000 * 40
    spread = np.sqrt(2000 * share * (1 - share))
    assert max(abs(count - 2000 * share) for count in drawn.values()) < 5 * spread


def test_a_cap_holds_where_the_pairs_could_never_be_made(copy: Warehouse) -> None:
    """A million items of one user make 400,000,000,000 pairs."""
    run_sql(
        copy,
        """
        update raw.study set max_pairs_per_user = 500;
        delete from corpus.interactions;
        insert into corpus.interactions by name
        select 'Books' as split, 'whale' as user_id, 'i' || item as item_id, 'Books' as category,
            1 + item % 5 as rating, item + 1 as position, 1000000 as n_reviews, if(item < 800000, 'train', 'test') as fold
        from range(1000000) as items(item);
        """,
    )
    pairs = [Pair(*row) for row in copy.rows(PAIRS)]
    assert len(pairs) == len(set(pairs)) == 500
    assert all(
        pair.rating_gap == int(pair.preferred_item_id[1:]) % 5 - int(pair.other_item_id[1:]) % 5 for pair in pairs
    )
    assert all((pair.fold == "train") == (max(int(pair[2][1:]), int(pair[3][1:])) < 800_000) for pair in pairs)
    assert 0.54 < np.mean([pair.fold == "train" for pair in pairs]) < 0.74
