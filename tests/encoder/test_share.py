"""Instruments that differ only in their placement share a training, and no others do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from python_assets.encoder.data import TrainingData
from python_assets.encoder.pair_file import PairFile
from python_assets.placement import refresh
from python_assets.placement.refresh import keep_current
from python_assets.study import Encoder, Instrument, Placement
from python_assets.study.tables import study_tables
from python_assets.warehouse import Warehouse
from tests.encoder.planted import planted_corpus, with_silent_users
from tests.sql.support import make_study

SMALL = Encoder(max_epochs=2, batch_size=128, hidden_width=32, dimension=16)
RUNS = "select * exclude (created_at) replace ('' as instrument) from ml.encoder_runs where instrument = '{}'"
PLACES = "select * replace ('' as instrument) from ml.user_embeddings where instrument = '{}' order by user_id"

Keep = Callable[..., str]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare(dimension=SMALL.dimension)
    return made


@pytest.fixture
def keep(warehouse: Warehouse) -> Keep:
    def run(
        instrument: str,
        data: TrainingData,
        *,
        encoder: Encoder = SMALL,
        split: str = "Beauty",
        seed: int = 5,
        code_version: str = "test",
        retrain_after: float = 0.1,
    ) -> str:
        placement = Placement(objective="correlation" if instrument == "scale_free" else "bpr", steps=20)
        made = {"split": split, "instrument": instrument, "seed": seed, "code_version": code_version}
        settings = Instrument(encoder=encoder, placement=placement, retrain_after=retrain_after)
        return keep_current(warehouse, data, settings, **made, log=lambda line: None)

    return run


@pytest.fixture
def data() -> TrainingData:
    return planted_corpus().data


def with_another_pair(data: TrainingData) -> TrainingData:
    rows = data.folds["train"].read(0, len(data.folds["train"]))
    return data._replace(folds={**data.folds, "train": PairFile.of(*np.concatenate([rows, rows[:1]]).T)})


def test_the_second_takes_over_what_the_first_trained(
    warehouse: Warehouse, keep: Keep, data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keep("paper", data) == "trained"
    monkeypatch.delattr(refresh, "train_and_save")
    assert keep("scale_free", data) == "taken over"
    assert keep("scale_free", data) == "unchanged"
    for rows in (RUNS, PLACES):
        ours, theirs = (warehouse.rows(rows.format(name)) for name in ("scale_free", "paper"))
        assert ours == theirs
        assert ours
    # Whoever compares encoders sees that it is a new one.
    assert warehouse.rows("select count(distinct created_at) from ml.encoder_runs") == [(2,)]


def measured(warehouse: Warehouse) -> dict[str, int]:
    """Rows of each instrument in two tables that follow the encoder of the study's seed, and in one that follows any."""
    tables = ("ml.paired_distances", "ml.anchor_scores", "ml.instrument_retests")
    rows = " union all ".join(f"select instrument from {table}" for table in tables)
    return dict(warehouse.rows(f"select instrument, count(*) from ({rows}) group by instrument"))


def test_what_was_measured_in_a_former_space_goes_with_it(warehouse: Warehouse, keep: Keep, data: TrainingData) -> None:
    """A run may break off, or fail, before the new space is measured."""

    def measure(connection: duckdb.DuckDBPyConnection) -> None:
        for instrument in ("paper", "scale_free"):
            key = f"'Beauty' as split, '{instrument}' as instrument"
            for rows in (
                f"ml.paired_distances by name select {key}, 'p' as population, '1' as persona_id, 1.0 as norm",
                f"ml.anchor_scores by name select {key}, 9 as n, 'fpd' as metric, 'paper' as anchor, 0 as floor_value, 1 as ceiling_value",
                f"ml.instrument_retests by name select {key}, 5 as seed, 6 as other_seed, 'user_cosine' as metric, '' as code_version",
            ):
                connection.execute(f"insert into {rows}")

    of_seed_5 = study_tables(make_study(seed=5))["raw.study"]
    warehouse.replace_slice("raw.study", of_seed_5, where={})
    warehouse.write(measure)
    assert keep("paper", data, seed=6) == "trained"
    assert measured(warehouse) == {"paper": 2, "scale_free": 3}
    assert keep("paper", data) == "trained"
    assert measured(warehouse) == {"scale_free": 3}
    assert keep("scale_free", data) == "taken over"
    assert measured(warehouse) == {}
    warehouse.write(measure)
    assert keep("paper", data) == "unchanged"
    assert measured(warehouse) == {"paper": 3, "scale_free": 3}


def test_a_retest_does_not_stand_in_the_way(keep: Keep, data: TrainingData) -> None:
    for seed in (5, 6):
        keep("paper", data, seed=seed)
    assert [keep("scale_free", data, seed=seed) for seed in (5, 6)] == ["taken over"] * 2


def test_it_is_what_a_training_of_its_own_gives(warehouse: Warehouse, keep: Keep, data: TrainingData) -> None:
    keep("paper", data)
    keep("scale_free", data)
    taken = warehouse.rows(PLACES.format("scale_free"))
    warehouse.write(lambda connection: connection.execute("delete from ml.encoder_runs").fetchall())
    assert keep("scale_free", data) == "trained"
    assert warehouse.rows(PLACES.format("scale_free")) == taken


def test_what_was_there_before_is_replaced(warehouse: Warehouse, keep: Keep, data: TrainingData) -> None:
    keep("scale_free", data, encoder=SMALL.model_copy(update={"max_epochs": 1}))
    keep("paper", data)
    assert keep("scale_free", data) == "taken over"
    assert warehouse.rows("select instrument, count(*) from ml.user_embeddings group by all order by all") == [
        ("paper", 60),
        ("scale_free", 60),
    ]


@pytest.mark.parametrize(
    "other",
    [{"split": "Games"}, {"seed": 6}, {"code_version": "next"}, {"encoder": SMALL.model_copy(update={"dropout": 0.0})}],
    ids=["split", "seed", "code", "settings"],
)
def test_another_encoder_is_trained(keep: Keep, data: TrainingData, other: dict[str, object]) -> None:
    keep("paper", data)
    assert keep("scale_free", data, **other) == "trained"


def test_other_pairs_are_trained_on_where_every_change_is(keep: Keep, data: TrainingData) -> None:
    keep("paper", data)
    assert keep("scale_free", with_another_pair(data), retrain_after=0) == "trained"


CHANGES = [
    "update ml.user_embeddings set folded_in = true where user_id = 'u0003'",
    "update ml.user_embeddings set folded_in = null where user_id = 'u0003'",
    "delete from ml.user_embeddings where user_id = 'u0003'",
    "update ml.user_embeddings set train_hash = train_hash + 1 where user_id = 'u0003'",
]


@pytest.mark.parametrize("change", CHANGES)
def test_who_came_after_the_training_is_folded_in_by_who_takes_it_over(
    warehouse: Warehouse, keep: Keep, data: TrainingData, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("paper", data)
    warehouse.write(lambda connection: connection.execute(change).fetchall())
    monkeypatch.delattr(refresh, "train_and_save")
    assert keep("scale_free", with_another_pair(data)) == "folded in"
    folded = "select user_id from ml.user_embeddings where instrument = 'scale_free' and folded_in"
    assert warehouse.rows(folded) == [("u0003",)]
    same = "select embedding from ml.user_embeddings where instrument = '{}' and user_id <> 'u0003' order by user_id"
    assert warehouse.rows(same.format("scale_free")) == warehouse.rows(same.format("paper"))
    assert warehouse.rows("select count(distinct checkpoint) from ml.encoder_runs") == [(1,)]
    assert keep("scale_free", data) == "unchanged"


def test_who_has_an_outdated_encoder_of_its_own_goes_on_with_one_that_is_current(
    warehouse: Warehouse, keep: Keep, data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a run was killed between the two trainings, and a small batch came before the next one."""
    assert [keep(name, data) for name in ("paper", "scale_free")] == ["trained", "taken over"]
    assert keep("paper", with_silent_users(data, 12)) == "trained"
    monkeypatch.delattr(refresh, "train_and_save")
    now = with_silent_users(data, 13)
    assert [keep(name, now) for name in ("paper", "scale_free")] == ["folded in"] * 2
    assert warehouse.rows("select count(distinct checkpoint) from ml.encoder_runs") == [(1,)]
    assert keep("scale_free", now) == "unchanged"


def test_the_current_one_of_several_is_found_though_another_is_later(
    warehouse: Warehouse, keep: Keep, data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = with_silent_users(data, 12)
    keep("paper", now)
    keep("calibrated", data, retrain_after=0)
    later = "update ml.encoder_runs set created_at = created_at + interval 1 hour where instrument = 'calibrated'"
    warehouse.write(lambda connection: connection.execute(later).fetchall())
    monkeypatch.delattr(refresh, "train_and_save")
    assert keep("scale_free", with_silent_users(data, 13)) == "folded in"


def test_an_encoder_of_too_much_that_is_gone_is_not_gone_on_with(
    warehouse: Warehouse, keep: Keep, data: TrainingData
) -> None:
    keep("paper", data)
    warehouse.write(lambda connection: connection.execute("update ml.user_embeddings set folded_in = true").fetchall())
    assert keep("scale_free", data) == "trained"
    assert keep("paper", data) == "taken over"


def test_a_training_forgets_its_own_state_only(warehouse: Warehouse, keep: Keep, data: TrainingData) -> None:
    for split in ("Beauty", "Games"):
        state = {"split": split, "seed": 5, "config_hash": "c", "data_hash": "d", "epoch": 1, "state": b"s"}
        warehouse.replace_slice("ml.training_states", pa.Table.from_pylist([state]), where={"split": split})
    keep("paper", data)
    assert warehouse.rows("select split from ml.training_states") == [("Games",)]


def test_hashes_of_users_are_the_present_ones(warehouse: Warehouse, keep: Keep, data: TrainingData) -> None:
    """They also depend on rules that may change without changing any pair."""
    keep("paper", data)
    keep("scale_free", data._replace(train_hashes=data.train_hashes + np.uint64(1)))
    hashes = "select user_id, train_hash from ml.user_embeddings where instrument = '{}' order by user_id"
    ours, theirs = (dict(warehouse.rows(hashes.format(name))) for name in ("scale_free", "paper"))
    assert ours == {user: train_hash + 1 for user, train_hash in theirs.items()}
