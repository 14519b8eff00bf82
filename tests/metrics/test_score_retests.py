"""The retest is of users that the encoders were trained with: who was folded in later, or has no pair, stands apart under any seed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from python_assets.encoder.store import load_encoder, load_users
from python_assets.encoder.users import score_items
from python_assets.metrics.retest import user_cosine_agreement, user_score_agreement
from python_assets.metrics.score_retests import retest_rows
from python_assets.placement.refresh import keep_current
from python_assets.study import Encoder, Instrument, Study
from python_assets.warehouse import Warehouse
from tests.encoder.planted import planted_corpus, with_silent_users

SMALL = Encoder(max_epochs=2, batch_size=128, hidden_width=32, dimension=16)


@pytest.fixture
def study() -> Study:
    return Study.model_validate(
        {
            "name": "retested",
            "sources": [{"category": "Beauty", "reviews": "b.jsonl"}],
            "splits": {"Beauty": ["Beauty"]},
            "instruments": {"paper": Instrument(encoder=SMALL, retests=1)},
            "populations": [{"name": "perfect", "condition": "control", "rater": {"backend": "perfect"}}],
        }
    )


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare(dimension=SMALL.dimension)
    return made


def test_who_was_folded_in_later_does_not_count(study: Study, warehouse: Warehouse) -> None:
    data = planted_corpus().data
    seeds, made = study.encoder_seeds("paper"), {"split": "Beauty", "instrument": "paper"}
    for seed in seeds:
        keep_current(
            warehouse, data, study.instruments["paper"], **made, seed=seed, code_version="1", log=lambda line: None
        )

    def agreement() -> dict[str, float]:
        table = retest_rows(warehouse, data, study, **made, code_version="1")
        return dict(zip(table["metric"].to_pylist(), table["value"].to_pylist(), strict=True))

    folded = data.user_ids.to_pylist()[:5]

    def fold_in(connection: duckdb.DuckDBPyConnection) -> None:
        vector = [10.0] + [0.0] * (SMALL.dimension - 1)
        connection.execute(
            "update ml.user_embeddings set folded_in = true, mixture = [1, 0, 0, 0], embedding = ? "
            "where list_contains(?, user_id) and seed = ?",
            [vector, folded, seeds[1]],
        )

    rest = [number for number, user in enumerate(data.user_ids.to_pylist()) if user not in folded]
    places = [load_users(warehouse, **made, seed=seed).embeddings[rest] for seed in seeds]
    expected = user_cosine_agreement(places[0], places[1])
    scores = [
        score_items(
            load_encoder(warehouse, **made, seed=seed),
            load_users(warehouse, **made, seed=seed).mixtures[rest],
            load_encoder(warehouse, **made, seed=seed).catalogue_geometry(data.texts),
        )
        for seed in seeds
    ]
    whole = agreement()["user_cosine"]
    # Of a seed that the study had before.
    former = "insert into ml.user_embeddings by name select * replace (99 as seed, true as folded_in) from ml.user_embeddings"
    warehouse.write(lambda connection: connection.execute(f"{former} where seed = {seeds[0]}").fetchall())
    assert agreement()["user_cosine"] == whole
    warehouse.write(fold_in)
    assert agreement() == pytest.approx(
        {"user_cosine": expected, "user_scores": user_score_agreement(*scores)}, abs=1e-6
    )
    assert whole != pytest.approx(expected, abs=1e-3)


def test_who_has_no_pair_does_not_count(study: Study, warehouse: Warehouse) -> None:
    heard = planted_corpus().data
    data, n, made = with_silent_users(heard, 200), len(heard.user_ids), {"split": "Beauty", "instrument": "paper"}
    instrument = Instrument(encoder=SMALL.model_copy(update={"mixture_init": "zero", "mixture_lr": 0.05}))
    for seed in study.encoder_seeds("paper"):
        keep_current(warehouse, data, instrument, **made, seed=seed, code_version="1", log=lambda line: None)
    first, other = (load_users(warehouse, **made, seed=seed).embeddings for seed in study.encoder_seeds("paper"))
    # Left at zero, all of them share one place, so that the encoders agree on who has no pair.
    everybody = user_cosine_agreement(first, other)
    own = user_cosine_agreement(first[:n], other[:n])
    assert everybody is not None
    assert own is not None
    assert everybody > own + 0.2
    retests = retest_rows(warehouse, data, study, **made, code_version="1")
    assert retests["value"][0].as_py() == pytest.approx(own, abs=1e-6)


@pytest.mark.parametrize("n_left", [0, 2])
def test_where_nearly_all_were_folded_in_nothing_is_known(study: Study, warehouse: Warehouse, n_left: int) -> None:
    data, made = planted_corpus().data, {"split": "Beauty", "instrument": "paper"}
    patient = study.instruments["paper"].model_copy(update={"retrain_after": 1})
    hashes = data.train_hashes + np.uint64(1000)
    hashes[:n_left] = data.train_hashes[:n_left]
    for night in (data, data._replace(train_hashes=hashes)):
        for seed in study.encoder_seeds("paper"):
            keep_current(warehouse, night, patient, **made, seed=seed, code_version="1", log=lambda line: None)
    table = retest_rows(warehouse, data, study, **made, code_version="1")
    assert dict(zip(table["metric"].to_pylist(), table["value"].to_pylist(), strict=True)) == {
        "user_cosine": None,
        "user_scores": None,
    }
