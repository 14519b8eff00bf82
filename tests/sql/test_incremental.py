"""After any sequence of batches the corpus equals one that was built at once, row for row."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from python_assets.warehouse import Warehouse
from tests.sql.batches import CORPUS, Batch, build_batches, differences
from tests.sql.random_batches import half_filled, random_batches
from tests.sql.real_files import load_real_files
from tests.sql.simulated_rows import fill_clusters, fill_raw, fill_scores, simulated_reviews, simulated_study
from tests.sql.support import make_study, new_warehouse

# Three minutes of dbt in processes of their own; one of these builds was once seen to hang at its end.
pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", [1])
def test_random_batches_equal_a_full_build(tmp_path: Path, seed: int) -> None:
    """The first build runs the data tests of everything, a later one those of what it made."""
    warehouse = half_filled(Warehouse(tmp_path / "grown.duckdb"), seed)
    batches = [Batch([], "build"), *random_batches(seed, 4), Batch([], anew_in=tmp_path / "anew")]
    assert build_batches(warehouse, tmp_path / "target", batches) == [True] * len(batches)
    assert differences(warehouse, tmp_path / "anew" / "grown.duckdb") == {}


def test_only_touched_users_are_written_and_a_failed_build_is_made_good(tmp_path: Path) -> None:
    """Rows are marked by hand: a user whose rows lose their mark was written again. A build that dies leaves no half."""
    warehouse = half_filled(Warehouse(tmp_path / "grown.duckdb"), 3)
    user = "(select max(user_id) from corpus.users)"
    correct = f"update raw.reviews set rating = 6 - rating, batch_id = 'second' where user_id = {user}"
    mark = ["update corpus.interactions set category = 'marked'", "update corpus.users set mean_rating = -1"]
    # A batch is applied before its build, so each look is the statement of the batch that follows.
    look = """
        create table looked_{0} as
        select user_id = {1} as is_touched, category = 'marked' as is_marked, count(*) as n from corpus.interactions group by all
        union all select user_id = {1}, mean_rating = -1, count(*) from corpus.users group by all
    """
    broken = [look.format(2, user), correct, "alter table corpus.users alter n_reviews type date using null"]
    whole = ["create table after_failure as select count(*) as n from corpus.users where mean_rating = -1"]
    whole += ["alter table corpus.users alter n_reviews type bigint using null"]
    whole += ["drop table corpus.interactions_built", "delete from corpus.users_built"]
    batches = [Batch([]), Batch(mark), Batch([look.format(1, user), correct]), Batch(broken), Batch(whole)]
    batches += [Batch([], anew_in=tmp_path / "anew")]
    done = build_batches(warehouse, tmp_path / "target", batches)
    assert done == [True, True, True, False, True, True]
    with duckdb.connect(warehouse, read_only=True) as connection:
        unchanged = connection.execute("select bool_and(is_marked) from looked_1").fetchall()
        changed = connection.execute("select distinct is_touched, is_marked from looked_2 order by all").fetchall()
        kept = connection.execute("select sum(n) from looked_2 where is_marked").fetchone()
    assert unchanged == [(True,)]
    assert changed == [(False, True), (True, False)]
    assert kept > (0,)
    assert differences(warehouse, tmp_path / "anew" / "grown.duckdb") == {}


def test_real_reviews_in_ten_batches_by_time(real_data: Path, tmp_path: Path) -> None:
    warehouse = new_warehouse(tmp_path / "real.duckdb", make_study())
    with warehouse.connect(read_only=False) as connection:
        load_real_files(connection, real_data)
        connection.execute(
            "create table held_back as select *, ntile(10) over (order by reviewed_at, file, line_number) as part"
            " from raw.reviews"
        )
        connection.execute("delete from raw.reviews")
    insert = "insert into raw.reviews by name select * exclude (part, batch_id), 'b{0}' as batch_id from held_back where part = {0}"
    batches = [Batch([insert.format(part)]) for part in range(1, 11)] + [Batch([], anew_in=tmp_path / "anew")]
    assert build_batches(warehouse.path, tmp_path / "target", batches) == [True] * 11
    assert differences(warehouse.path, tmp_path / "anew" / "real.duckdb") == {}


def encoded(path: Path) -> Warehouse:
    """What dbt finds of the simulated corpus when its splits have encoders."""
    study, reviews = simulated_study(), simulated_reviews(seed=3)
    warehouse = new_warehouse(path, study)
    with warehouse.connect(read_only=False) as connection:
        fill_raw(connection, reviews)
        fill_clusters(connection, study, reviews)
        fill_scores(connection, study)
    return warehouse


def test_probes_of_an_encoded_split_stay_until_asked(tmp_path: Path) -> None:
    """Without an encoder they follow the clusters; with one they stay, even those that left the corpus."""
    warehouse = encoded(tmp_path / "fixed.duckdb")
    warehouse.write(
        lambda connection: connection.execute(
            "create table encoders as from ml.encoder_runs; delete from ml.encoder_runs"
        )
    )
    farther = "update ml.item_clusters set distance = -distance"
    look = "create table sets_{0} as from probes.probe_sets"
    leave = (
        "delete from raw.reviews where item_id = (select min(item_id) from probes.probe_items where split = 'Games')"
    )
    models = (*CORPUS, "probe_items", "probe_sets")
    steps = (
        [],
        [look.format(1), farther],
        [look.format(2), "insert into ml.encoder_runs from encoders", farther, leave],
        [look.format(3), "update raw.study set refresh_probes = true"],
    )
    done = build_batches(warehouse.path, tmp_path / "target", [Batch(step, models=models) for step in steps])
    assert done == [True] * 4
    hashes = [
        dict(warehouse.rows(f"select split, probe_set_hash from {table}"))
        for table in ("sets_1", "sets_2", "sets_3", "probes.probe_sets")
    ]
    assert hashes[0] != hashes[1]
    assert hashes[1] == hashes[2]
    assert all(hashes[3][split] != hashes[2][split] for split in simulated_study().splits)
    assert warehouse.rows("select n_out_of_corpus from sets_3 where split = 'Games'") == [(1,)]
    assert warehouse.rows("select sum(n_out_of_corpus) from probes.probe_sets") == [(0,)]


def test_probes_follow_the_clusters_until_an_encoder_of_the_same_corpus_meets_them(tmp_path: Path) -> None:
    """One of other categories, or of another seed, that a split of the same name had has met other probes."""
    warehouse = encoded(tmp_path / "met.duckdb")
    met = "update ml.encoder_runs set categories = if(split = 'Combined', 'Books|Games', split)"
    others = [
        "update ml.encoder_runs set categories = 'Books|Games' where split = 'Games'",
        "update ml.encoder_runs set seed = 9 where split = 'Books'",
    ]
    farther = "update ml.item_clusters set distance = -distance"
    models = (*CORPUS, "probe_items", "probe_sets")
    steps = ([met], [], [*others, farther])
    hashes = []
    for step in steps:
        assert build_batches(warehouse.path, tmp_path / "target", [Batch(list(step), models=models)]) == [True]
        hashes.append(dict(warehouse.rows("select split, probe_set_hash from probes.probe_sets")))
    assert hashes[0] == hashes[1]
    assert {split for split in hashes[0] if hashes[2][split] != hashes[0][split]} == {"Books", "Games"}


@pytest.mark.parametrize("of_older_code", [False, True])
def test_probes_of_a_split_of_other_categories_are_chosen_anew(tmp_path: Path, of_older_code: bool) -> None:
    """Whether it lost one or gained one. Those of a split that the study does not name any more stay.

    Probes of older code do not say their categories: those of the first build pass for what they are.
    """
    warehouse = encoded(tmp_path / "members.duckdb")
    warehouse.write(lambda connection: connection.execute("create table splits as from raw.splits"))
    forget = "alter table probes.probe_items drop column categories" if of_older_code else "select 1"
    # What Python does when a split has other categories, but that the items stay.
    cluster = """
        update ml.item_clusters as clusters set distance = -distance, categories = members.categories
        from (
            select split, string_agg(category, '|' order by category) as categories from raw.splits group by split
        ) as members
        where clusters.split = members.split
    """
    models = (*CORPUS, "probe_items", "probe_sets")

    def probes_after(*changes: str) -> dict[str, str]:
        assert build_batches(warehouse.path, tmp_path / "target", [Batch([*changes, cluster], models=models)]) == [True]
        return dict(warehouse.rows("select split, probe_set_hash from probes.probe_sets"))

    before = probes_after("select 1")
    assert probes_after(forget, "delete from raw.splits where split = 'Games'") == before
    assert probes_after("insert into raw.splits from splits where split = 'Games'") == before
    noted = dict(warehouse.rows("select distinct split, categories from probes.probe_items"))
    assert noted == {"Books": "Books", "Games": "Games", "Combined": "Books|Games"}
    gained = probes_after("insert into raw.splits values ('Games', 'Books')")
    assert {split for split in before if gained[split] != before[split]} == {"Games"}
    after = probes_after("delete from raw.splits where split = 'Combined' and category = 'Games'")
    # Its items are not clustered anew here, so that the new ones may be none.
    assert {split for split in before if after.get(split) != gained[split]} == {"Combined"}
