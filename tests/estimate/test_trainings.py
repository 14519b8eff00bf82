"""Which encoders a study still has to train, and how long that takes."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pyarrow as pa
import pytest

from python_assets.encoder.data import read_item_hashes
from python_assets.estimate import trainings_of
from python_assets.study import Study
from python_assets.warehouse import Warehouse


def test_trainings_take_the_speed_of_the_last_ones(study: Study, warehouse: Warehouse) -> None:
    assert [(t.n_wanted, t.n_done, t.n_pairs, t.seconds) for t in trainings_of(study, warehouse, code_version="1")] == [
        (2, 0, 1000, None)
    ]
    assert [(t.n_wanted, t.n_done, t.n_pairs, t.seconds) for t in trainings_of(study, None, code_version="1")] == [
        (2, 0, None, None)
    ]
    encoder = study.instruments["paper"].encoder
    add_encoder(warehouse, study, n_folded=2)
    (training,) = trainings_of(study, warehouse, code_version="1")
    assert (training.n_done, training.pairs_per_second, training.seconds) == (1, 100.0, encoder.max_epochs * 10)
    # The retest of a study with the seed before is the encoder of this one; of any other seed nothing is.
    for seed, n_done in ((study.seed - 1, 1), (study.seed + 1, 0)):
        (training,) = trainings_of(study.model_copy(update={"seed": seed}), warehouse, code_version="1")
        assert training.n_done == n_done
    (training,) = trainings_of(study, warehouse, code_version="2")
    assert training.n_done == 0
    # Two of twenty users were folded in, a tenth; a third one is more than `retrain_after`.
    warehouse.write(lambda connection: connection.execute("delete from corpus.users where user_id = '9'").fetchall())
    (training,) = trainings_of(study, warehouse, code_version="1")
    assert training.n_done == 0


def add_encoder(
    warehouse: Warehouse, study: Study, *, instrument: str = "paper", seed: int | None = None, n_folded: int = 0
) -> None:
    """An encoder of the 20 users, some of whom were folded in later."""
    key = {"split": "Beauty", "instrument": instrument, "seed": study.seed if seed is None else seed}
    run = {
        **key, "config_hash": study.instruments["paper"].encoder.config_hash(), "data_hash": "d",
        "n_users": 20, "n_items": 1, "n_train_pairs": 500, "n_validation_pairs": 1, "n_test_pairs": 1, "epochs": 4,
        "best_epoch": 1, "logit_scale": 1.0, "checkpoint": b"", "history": "[]", "seconds": 20.0, "code_version": "1",
        "created_at": datetime(2026, 1, 1),
    }  # fmt: skip
    warehouse.replace_slice("ml.encoder_runs", pa.Table.from_pylist([run]), where=key)
    place = {**key, "n_train_pairs": 50, "train_hash": 0, "mixture": [0.25] * 4, "embedding": [0.0] * 128}
    places = [place | {"user_id": str(n), "folded_in": n < n_folded} for n in range(20)]
    warehouse.replace_slice("ml.user_embeddings", pa.Table.from_pylist(places), where=key)


def n_done(study: Study, warehouse: Warehouse) -> list[int]:
    return [training.n_done for training in trainings_of(study, warehouse, code_version="1")]


@pytest.mark.parametrize(
    "change",
    [
        "update ml.user_embeddings set train_hash = 1 where user_id::int < 3",
        "insert into corpus.users select 'Beauty', 'new ' || range, 50, 60 from range(3)",
    ],
)
def test_changed_and_new_users_count_as_those_that_were_folded_in(
    study: Study, warehouse: Warehouse, change: str
) -> None:
    add_encoder(warehouse, study)
    assert n_done(study, warehouse) == [1]
    warehouse.write(lambda connection: connection.execute(change).fetchall())
    assert n_done(study, warehouse) == [0]


def test_changed_item_texts_count_as_changed_users(study: Study, warehouse: Warehouse) -> None:
    def change(sql: str) -> None:
        warehouse.write(lambda connection: connection.execute(sql).fetchall())

    change(
        "create table corpus.items as select 'Beauty' as split, 'Beauty' as category, 'i' || range as item_id from range(20)"
    )
    change(
        "insert into ml.item_embeddings select category, item_id, item_id, [rowid::float for _ in range(384)], 'm', 'w', '1', now()"
        " from corpus.items"
    )
    add_encoder(warehouse, study)
    hashes = read_item_hashes(warehouse, "Beauty").tolist()
    change(f"update ml.encoder_runs set item_hashes = {hashes}")
    for n_changed, done in ((0, 1), (2, 1), (3, 0)):
        change(
            f"update ml.item_embeddings set embedding = [-1.0 for _ in range(384)] where item_id < 'i1{n_changed}' and item_id >= 'i10'"
        )
        assert n_done(study, warehouse) == [done]


def test_each_seed_has_its_own_users(study: Study, warehouse: Warehouse) -> None:
    add_encoder(warehouse, study)
    add_encoder(warehouse, study, seed=study.seed + 1, n_folded=20)
    assert n_done(study, warehouse) == [1]


@pytest.mark.parametrize("outdated", ["paper", "scale_free"])
def test_of_two_like_encoders_the_one_that_is_current_counts(study: Study, warehouse: Warehouse, outdated: str) -> None:
    for instrument in ("paper", "scale_free"):
        add_encoder(warehouse, study, instrument=instrument, n_folded=20 if instrument == outdated else 0)
    assert n_done(study, warehouse) == [1]


def test_instruments_with_the_same_encoder_train_it_once(study: Study) -> None:
    paper = study.instruments["paper"]
    others = {
        "scale_free": paper.model_copy(
            update={"placement": paper.placement.model_copy(update={"objective": "correlation"})}
        ),
        "thorough": paper.model_copy(update={"retests": 3}),
        "wide": paper.model_copy(update={"encoder": paper.encoder.model_copy(update={"hidden_width": 512})}),
    }
    found = trainings_of(study.model_copy(update={"instruments": {"paper": paper, **others}}), None, code_version="1")
    assert {t.instrument: t.n_wanted for t in found} == {"paper": 2, "scale_free": 0, "thorough": 2, "wide": 2}


def test_an_instrument_trains_an_encoder_that_an_earlier_one_is_content_with(
    study: Study, warehouse: Warehouse
) -> None:
    paper = study.instruments["paper"]
    strict = paper.model_copy(update={"retrain_after": 0.05})
    for name in ("paper", "strict", "strict_too"):
        add_encoder(warehouse, study, instrument=name, n_folded=2)
    instruments = {"paper": paper, "strict": strict, "strict_too": strict}
    found = trainings_of(study.model_copy(update={"instruments": instruments}), warehouse, code_version="1")
    assert [(t.instrument, t.n_wanted, t.n_done) for t in found] == [
        ("paper", 2, 1),
        ("strict", 1, 0),
        ("strict_too", 0, 0),
    ]


@pytest.mark.parametrize(("retrain_after", "data_hash", "done"), [(0, "d", 1), (0, "other", 0), (0.1, "other", 1)])
def test_where_every_change_is_trained_on_those_of_held_out_pairs_count(
    study: Study, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, retrain_after: float, data_hash: str, done: int
) -> None:
    """The trained users' hashes are those of before; another review among the validation pairs is in none of them."""
    add_encoder(warehouse, study)
    paper = study.instruments["paper"].model_copy(update={"retrain_after": retrain_after})
    data = SimpleNamespace(fingerprint=lambda: data_hash)
    monkeypatch.setattr("python_assets.estimate.training.read_training_data", lambda warehouse, split: data)
    assert n_done(study.model_copy(update={"instruments": {"paper": paper}}), warehouse) == [done]


def test_what_cannot_be_trained_on_any_more_is_not_done(study: Study, warehouse: Warehouse) -> None:
    add_encoder(warehouse, study)
    no_items = "create table corpus.items (split varchar, category varchar, item_id varchar)"
    warehouse.write(lambda connection: connection.execute(no_items).fetchall())
    paper = study.instruments["paper"].model_copy(update={"retrain_after": 0})
    assert n_done(study.model_copy(update={"instruments": {"paper": paper}}), warehouse) == [0]
