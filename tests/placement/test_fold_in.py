"""Fold-in of many users at once against Algorithm 1 one by one, and which users new data touches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from benchmarks.plain_encoder import PlainEncoder, plain_placement
from python_assets.encoder.data import TrainingData
from python_assets.encoder.model import PreferenceEncoder
from python_assets.encoder.pair_file import PairFile
from python_assets.encoder.train import pair_accuracy, train_encoder
from python_assets.placement import fold_in
from python_assets.placement.fit import start_logits
from python_assets.placement.fold_in import fold_in_users
from python_assets.placement.refresh import keep_current
from python_assets.seeds import derive_seed
from python_assets.study import Encoder, Instrument, Placement
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import to_matrix
from tests.encoder.planted import planted_corpus

ITEMS = np.random.default_rng(0).normal(size=(30, 384)).astype(np.float32)
CONTEXT = torch.from_numpy(ITEMS.mean(axis=0))
SETTINGS = Encoder(logit_scale_init=2.0)
SMALL = Encoder(max_epochs=3, batch_size=128, hidden_width=32, dimension=16)


def _pairs_of(ratings: np.ndarray) -> np.ndarray:
    """Every pair of rated items with a gap of at least 1, by users, shape (pairs, 3)."""
    user, better, worse = np.nonzero(ratings[:, :, None] - ratings[:, None, :] >= 1)
    return np.stack([user, better, worse], axis=1).astype(np.int32)


def _ratings(users: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    rated = rng.random((users, len(ITEMS))) < rng.uniform(0.1, 0.6, (users, 1))
    return np.where(rated, rng.integers(1, 6, (users, len(ITEMS))), np.nan)


def _model() -> PreferenceEncoder:
    return PreferenceEncoder(SETTINGS, n_users=0, context=CONTEXT, seed=4).eval()


def test_the_batch_equals_algorithm_1_user_by_user() -> None:
    ratings, plain = _ratings(4), PlainEncoder(SETTINGS, n_users=0, context=CONTEXT, seed=4)
    folded = fold_in_users(_model(), ITEMS, _pairs_of(ratings), Placement(), seeds=range(4))
    for user in range(4):
        start = start_logits([user], SETTINGS.prototypes, "normal")[0]
        # A missing rating compares false, so the plain loop sees the same pairs.
        alone = plain_placement(plain, torch.from_numpy(ITEMS), torch.from_numpy(ratings[user]), Placement(), start)
        np.testing.assert_allclose(folded.mixtures[user], alone.numpy(), atol=2e-4)


def test_a_place_does_not_depend_on_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs, settings = _pairs_of(_ratings(50)), Placement(steps=30)
    whole = fold_in_users(_model(), ITEMS, pairs, settings, seeds=range(50))
    monkeypatch.setattr(fold_in, "CHUNK_PAIRS", 100)
    shuffled = np.random.default_rng(2).permutation(pairs)
    parts = fold_in_users(_model(), ITEMS, shuffled, settings, seeds=range(50))
    np.testing.assert_allclose(parts.mixtures, whole.mixtures, atol=1e-5)


def test_users_without_pairs_keep_their_start() -> None:
    folded = fold_in_users(_model(), ITEMS, np.array([[1, 0, 2]], np.int32), Placement(steps=5), seeds=[8, 9, 10])
    start = torch.softmax(start_logits([8, 9, 10], 4, "normal"), dim=1).numpy()
    np.testing.assert_allclose(folded.mixtures[[0, 2]], start[[0, 2]], rtol=1e-6)
    assert not np.allclose(folded.mixtures[1], start[1])
    assert folded.n_pairs.tolist() == [0, 1, 0]
    assert fold_in_users(_model(), ITEMS, np.empty((0, 3), np.int32), Placement(), seeds=[]).mixtures.shape == (0, 4)


def test_starts_are_divided_by_the_temperature() -> None:
    settings = SETTINGS.model_copy(update={"mixture_temperature": 2.0})
    model = PreferenceEncoder(settings, n_users=0, context=CONTEXT, seed=4).eval()
    folded = fold_in_users(model, ITEMS, np.empty((0, 3), np.int32), Placement(steps=5), seeds=[8, 9])
    start = torch.softmax(start_logits([8, 9], 4, "normal") / 2, dim=1).numpy()
    np.testing.assert_allclose(folded.mixtures, start, rtol=1e-6)


def test_folded_users_predict_held_out_pairs_as_well_as_trained_ones() -> None:
    data = planted_corpus(pairs=6000).data
    learns = {"max_epochs": 20, "batch_size": 64, "mixture_init": "zero", "mixture_lr": 0.05, "projector_lr": 1e-3}
    settings = SMALL.model_copy(update={**learns, "hidden_width": 64, "dimension": 32})
    trained = train_encoder(data, settings, seed=1, progress=False)
    pairs = data.folds["train"].read(0, len(data.folds["train"]))
    folded = fold_in_users(trained.model, data.texts, pairs, Placement(init="zero"), seeds=range(len(data.user_ids)))
    indifferent = PreferenceEncoder(settings, n_users=len(data.user_ids), context=trained.model.context, seed=0)
    indifferent.load_state_dict({**trained.model.state_dict(), "w": torch.zeros(len(data.user_ids), 4)})
    shared = pair_accuracy(indifferent, data.texts, data.folds["test"])
    trained.model.load_state_dict({**trained.model.state_dict(), "w": torch.from_numpy(folded.mixtures).log()})
    accuracy = pair_accuracy(trained.model, data.texts, data.folds["test"])
    assert accuracy is not None
    assert trained.test_accuracy is not None
    assert shared is not None
    assert accuracy > trained.test_accuracy - 0.06
    assert accuracy > shared + 0.15  # what all users share does not explain it


Keep = Callable[..., str]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare(dimension=SMALL.dimension)
    return made


@pytest.fixture
def keep(warehouse: Warehouse) -> Keep:
    def run(data: TrainingData, *, retrain_after: float = 0.1, steps: int = 20) -> str:
        settings = Instrument(encoder=SMALL, placement=Placement(steps=steps), retrain_after=retrain_after)
        made = {"split": "Beauty", "instrument": "paper", "seed": 5, "code_version": "test"}
        return keep_current(warehouse, data, settings, **made, log=lambda line: None)

    return run


def _places(warehouse: Warehouse) -> dict[str, tuple[bool, list[float]]]:
    table = warehouse.read("select user_id, folded_in, mixture from ml.user_embeddings")
    rows = zip(table["folded_in"].to_pylist(), to_matrix(table["mixture"]).tolist(), strict=True)
    return dict(zip(table["user_id"].to_pylist(), rows, strict=True))


def _with_users(data: TrainingData, *, drop: int = 0, add: int = 0, change: int = 0) -> TrainingData:
    """The corpus without its last users, with new ones that prefer like the first, or with changed hashes."""
    keep_users = len(data.user_ids) - drop
    every = {fold: pairs.read(0, len(pairs)) for fold, pairs in data.folds.items()}
    kept = {fold: rows[rows[:, 0] < keep_users] for fold, rows in every.items()}
    rows = kept["train"]
    new = [np.stack([np.full(40, keep_users + n), *rows[:40, 1:].T], axis=1) for n in range(add)]
    kept["train"] = np.concatenate([rows, *new])
    ids = [*data.user_ids.to_pylist()[:keep_users], *(f"x{n}" for n in range(add))]
    hashes = np.concatenate([data.train_hashes[:keep_users], np.full(add, 7, np.uint64)])
    hashes[:change] += np.uint64(1000)
    counts = np.concatenate([data.n_train_pairs[:keep_users], np.full(add, 40)])
    return data._replace(
        user_ids=pa.array(ids),
        n_train_pairs=counts,
        train_hashes=hashes,
        folds={fold: PairFile.of(*rows.T) for fold, rows in kept.items()},
    )


def test_only_what_changed_is_placed_again(warehouse: Warehouse, keep: Keep) -> None:
    data = planted_corpus().data
    assert keep(data) == "trained"
    before = _places(warehouse)
    assert keep(data) == "unchanged"
    assert keep(_with_users(data, add=2, change=1, drop=1)) == "folded in"
    after = _places(warehouse)
    assert set(after) == set(before) - {"u0059"} | {"x0", "x1"}
    assert {user for user, (folded, _) in after.items() if folded} == {"x0", "x1", "u0000"}
    assert all(after[user] == before[user] for user in set(after) & set(before) - {"u0000"})
    assert keep(_with_users(data, add=2, change=1, drop=1)) == "unchanged"


def test_another_placement_folds_in_anew_whom_the_former_did(warehouse: Warehouse, keep: Keep) -> None:
    data = planted_corpus().data
    keep(data)
    more = _with_users(data, add=2)
    keep(more)
    assert keep(more, steps=30) == "folded in"
    first = _places(warehouse)
    keep(data)
    assert keep(more, steps=30) == "folded in"
    assert _places(warehouse) == first
    assert keep(more, steps=30) == "unchanged"


def test_a_folded_user_starts_from_its_own_seed(warehouse: Warehouse, keep: Keep) -> None:
    data = planted_corpus().data
    keep(data)
    keep(_with_users(data, add=1))
    alone = _places(warehouse)["x0"][1]
    keep(_with_users(data, add=3))
    places = {user: place for user, (_, place) in _places(warehouse).items()}
    assert places["x0"] == alone
    # They have the same pairs, so that only the start tells them apart.
    assert not np.allclose(places["x0"], places["x1"], atol=0.01)
    assert not np.allclose(places["x1"], places["x2"], atol=0.01)


def test_an_encoder_names_the_categories_whose_users_it_has_placed(warehouse: Warehouse, keep: Keep) -> None:
    data = planted_corpus().data
    noted = "select categories from ml.encoder_runs"
    for categories, users, outcome in (
        (("Soap", "Beauty"), data, "trained"),
        (("Soap", "Beauty"), data, "unchanged"),
        (("Soap", "Beauty", "Games"), _with_users(data, add=2), "folded in"),
    ):
        rows = pa.table({"split": ["Beauty"] * len(categories), "category": categories})
        warehouse.replace_slice("raw.splits", rows, where={})
        assert keep(users) == outcome
        assert warehouse.rows(noted) == [("|".join(sorted(categories)),)]


@pytest.mark.parametrize("init", ["normal", "zero"])
def test_a_folded_user_starts_as_the_encoders_own_users_did(warehouse: Warehouse, init: str) -> None:
    data, still = planted_corpus().data, Placement(steps=1, learning_rate=1e-6)
    settings = Instrument(encoder=SMALL.model_copy(update={"max_epochs": 1, "mixture_init": init}), placement=still)
    for seed in (5, 6):
        made = {"split": "Beauty", "instrument": "paper", "seed": seed, "code_version": "test"}
        for night in (data, _with_users(data, add=1)):
            keep_current(warehouse, night, settings, **made, log=lambda line: None)
    table = warehouse.read("select mixture from ml.user_embeddings where user_id = 'x0' order by seed")
    starts = start_logits([derive_seed(seed, "fold-in", "Beauty", "x0") for seed in (5, 6)], 4, init)
    np.testing.assert_allclose(to_matrix(table["mixture"]), torch.softmax(starts, dim=1), atol=1e-4)


def test_many_changes_train_anew(warehouse: Warehouse, keep: Keep) -> None:
    data = planted_corpus().data
    keep(data)
    assert keep(_with_users(data, add=5)) == "folded in"
    # Changes count since training: 5 of 60 were folded in, 2 more are above a tenth.
    assert keep(_with_users(data, add=7)) == "trained"
    assert not any(folded for folded, _ in _places(warehouse).values())


def _with_texts(data: TrainingData, change: int) -> TrainingData:
    """The corpus with other texts of its first items."""
    texts = data.texts.copy()
    texts[:change] *= -1
    return data._replace(texts=texts)


def test_many_items_with_other_texts_train_anew(warehouse: Warehouse, keep: Keep) -> None:
    data = planted_corpus().data
    keep(data)
    assert keep(_with_texts(data, 5)) == "unchanged"
    assert keep(_with_texts(data, 6)) == "trained"
    assert keep(_with_texts(data, 6)) == "unchanged"


def test_an_encoder_of_older_code_does_not_say_which_texts_it_knew(warehouse: Warehouse, keep: Keep) -> None:
    data = planted_corpus().data
    keep(data)
    warehouse.write(lambda connection: connection.execute("update ml.encoder_runs set item_hashes = null").fetchall())
    assert keep(_with_texts(data, 6)) == "unchanged"


@pytest.mark.parametrize("retrain_after", [0.0, 0.1])
def test_after_any_change_means_of_the_validation_pairs_too(
    warehouse: Warehouse, keep: Keep, retrain_after: float
) -> None:
    data = planted_corpus().data
    keep(data, retrain_after=retrain_after)
    assert keep(data, retrain_after=retrain_after) == "unchanged"
    rows = data.folds["validation"].read(0, len(data.folds["validation"]))
    changed = data._replace(folds={**data.folds, "validation": PairFile.of(*rows[1:].T)})
    assert keep(changed, retrain_after=retrain_after) == ("unchanged" if retrain_after else "trained")


def test_many_users_who_are_gone_train_anew(keep: Keep) -> None:
    data = planted_corpus().data
    keep(data)
    assert keep(_with_users(data, drop=6)) == "folded in"
    assert keep(_with_users(data, drop=7)) == "trained"


def test_data_that_go_back_to_what_was_trained_leave_nothing_behind(warehouse: Warehouse, keep: Keep) -> None:
    data = planted_corpus().data
    keep(data)
    before = _places(warehouse)
    keep(_with_users(data, add=2, change=1))
    assert keep(data) == "folded in"
    after = _places(warehouse)
    assert set(after) == set(before)
    assert {user for user, (folded, _) in after.items() if folded} == {"u0000"}
