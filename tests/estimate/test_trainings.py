"""Which encoders a study still has to train, and how long that takes."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

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
    run = {
        "split": "Beauty", "instrument": "paper", "seed": study.seed, "config_hash": encoder.config_hash(), "data_hash": "d",
        "n_users": 20, "n_items": 1, "n_train_pairs": 500, "n_validation_pairs": 1, "n_test_pairs": 1, "epochs": 4,
        "best_epoch": 1, "logit_scale": 1.0, "checkpoint": b"", "history": "[]", "seconds": 20.0, "code_version": "1",
        "created_at": datetime(2026, 1, 1),
    }  # fmt: skip
    warehouse.replace_slice("ml.encoder_runs", pa.Table.from_pylist([run]), where={})
    place = {"split": "Beauty", "instrument": "paper", "seed": study.seed, "n_train_pairs": 50, "train_hash": 0}
    vectors = {"mixture": [0.25] * 4, "embedding": [0.0] * 128}
    places = [place | vectors | {"user_id": str(n), "folded_in": n < 2} for n in range(20)]
    warehouse.replace_slice("ml.user_embeddings", pa.Table.from_pylist(places), where={})
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
