"""A run names the splits whose pairs are mostly a few users', and those that lost their probes."""

from __future__ import annotations

from pathlib import Path

from dagster_defs.corpus_warnings import heavy_user_warnings, lost_probe_warnings
from python_assets.warehouse import Warehouse

USERS = """
    create schema corpus;
    create table corpus.users (split varchar, user_id varchar, n_pairs bigint);
    create table corpus.heavy_users (split varchar, user_id varchar, kept_pairs bigint);
    insert into corpus.users values
        ('Books', 'whale', 3000000), ('Books', 'reader', 1000000), ('Games', 'a', 1000000), ('Games', 'b', 1000000),
        ('Games', 'c', 500000), ('Music', 'd', 200000);
    insert into corpus.heavy_users from corpus.users where n_pairs > 100000 and user_id <> 'reader';
"""


def test_each_split_with_such_users_is_named(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    with warehouse.connect(read_only=False) as connection:
        connection.execute(USERS)
    books, games = heavy_user_warnings(warehouse)
    assert books.startswith(
        "Books: one user makes a million pairs or more, 75% of all pairs: `pairs: {max_pairs_per_user"
    )
    assert games.startswith("Games: 2 users make a million pairs or more each, 80% of all pairs: ")


def test_each_split_that_lost_probes_is_named(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    with warehouse.connect(read_only=False) as connection:
        connection.execute("create schema probes")
        connection.execute("create schema raw")
        connection.execute(
            "create table raw.splits as from (values ('Books'), ('Games'), ('Games'), ('Music')) as splits (split)"
        )
        connection.execute(
            "create table probes.probe_sets as from (values ('Books', 9, 100), ('Games', 10, 100), ('Music', 0, 20), ('Left', 9, 9))"
            " as sets (split, n_out_of_corpus, n_probes)"
        )
    (warning,) = lost_probe_warnings(warehouse)
    assert warning.startswith("Games: 10 of 100 probes have fallen out of the corpus: `probes: {refresh: true}` in the")
