"""The encoder against a plain implementation of the same equations, on planted tastes, and after an interruption."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmarks.plain_encoder import PlainEncoder, plain_optimizer
from python_assets.encoder.model import PreferenceEncoder
from python_assets.encoder.pair_file import PairFile
from python_assets.encoder.train import pair_accuracy, train_encoder
from python_assets.encoder.users import init_correlation, user_places
from python_assets.study import Encoder
from tests.encoder.planted import planted_corpus

SMALL = Encoder(max_epochs=4, batch_size=128, hidden_width=32, dimension=16)


def test_losses_equal_a_plain_implementation_for_fifty_steps() -> None:
    data = planted_corpus().data
    settings = Encoder(dropout=0.0, batch_size=64)
    context, texts = torch.from_numpy(data.context), torch.from_numpy(data.texts)
    ours = PreferenceEncoder(settings, n_users=len(data.user_ids), context=context, seed=3)
    plain = PlainEncoder(settings, n_users=len(data.user_ids), context=context, seed=3)
    optimizers = [plain_optimizer(model, 100) for model in (ours, plain)]  # type: ignore[arg-type]
    columns = torch.from_numpy(data.folds["train"].read(0, 4000).T.astype(np.int64))
    for step in range(50):
        users, preferred, other = (column[step * 40 : step * 40 + 64] for column in columns)
        losses = [ours(texts, users, preferred, other), plain.loss(users, texts[preferred], texts[other])]
        assert float(losses[0].detach()) == pytest.approx(float(losses[1].detach()), abs=1e-4)
        for loss, model, (optimizer, schedule) in zip(losses, (ours, plain), optimizers, strict=True):
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_clip)
            optimizer.step()
            schedule.step()


def test_accuracy_after_training_is_well_above_chance() -> None:
    planted = planted_corpus()
    trained = train_encoder(
        planted.data,
        Encoder(max_epochs=8, batch_size=64, mixture_init="zero", mixture_lr=0.05, hidden_width=64, dimension=32),
        seed=1,
        progress=False,
    )
    assert trained.validation_accuracy is not None
    assert trained.validation_accuracy > 0.68
    assert trained.test_accuracy == pair_accuracy(trained.model, planted.data.texts, planted.data.folds["test"])


def test_users_of_the_same_planted_taste_end_nearer_each_other() -> None:
    planted = planted_corpus(pairs=6000)
    settings = Encoder(
        max_epochs=15,
        batch_size=64,
        mixture_init="zero",
        mixture_lr=0.05,
        projector_lr=1e-3,
        hidden_width=64,
        dimension=32,
    )
    places = user_places(train_encoder(planted.data, settings, seed=1, progress=False).model).embeddings
    unit = places / np.linalg.norm(places, axis=1, keepdims=True)
    cosine, same = unit @ unit.T, planted.types[:, None] == planted.types[None, :]
    off = ~np.eye(len(unit), dtype=bool)
    assert cosine[same & off].mean() > cosine[~same].mean() + 0.2


def test_resuming_after_any_epoch_gives_the_same_encoder_bit_for_bit() -> None:
    data, states = planted_corpus().data, {}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole = train_encoder(
            data, SMALL, seed=5, on_epoch=lambda epoch, state: states.update({epoch: state}), progress=False
        )
        for epoch in (1, 3):
            again = train_encoder(data, SMALL, seed=5, resume=states[epoch], progress=False)
            assert all(map(torch.equal, whole.model.state_dict().values(), again.model.state_dict().values()))
            assert [e[:3] for e in again.history] == [e[:3] for e in whole.history]
    finally:
        torch.set_num_threads(threads)


def test_a_resumed_training_took_as_long_as_all_its_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a second whenever it is looked at: an epoch takes one."""
    monkeypatch.setattr("python_assets.encoder.train.time", SimpleNamespace(monotonic=count().__next__))
    data, states = planted_corpus().data, {}
    whole = train_encoder(
        data, SMALL, seed=5, on_epoch=lambda epoch, state: states.update({epoch: state}), progress=False
    )
    for epoch in (2, SMALL.max_epochs):
        again = train_encoder(data, SMALL, seed=5, resume=states[epoch], progress=False)
        assert SMALL.max_epochs <= again.seconds <= whole.seconds


def test_another_seed_gives_another_encoder() -> None:
    data = planted_corpus().data
    first, second = (
        user_places(train_encoder(data, SMALL, seed=seed, progress=False).model).embeddings for seed in (1, 2)
    )
    assert not np.allclose(first, second)


def test_training_stops_early_and_keeps_the_best_epoch() -> None:
    data = planted_corpus(pairs=300).data
    settings = SMALL.model_copy(update={"max_epochs": 30, "patience": 2, "projector_lr": 1e-2})
    trained = train_encoder(data, settings, seed=1, progress=False)
    accuracies = [epoch.validation_accuracy or 0.0 for epoch in trained.history]
    assert trained.validation_accuracy == max(accuracies)
    # Of epochs that are equally good the first.
    assert trained.best_epoch == 1 + accuracies.index(max(accuracies))
    assert len(trained.history) == trained.best_epoch + settings.patience < 30
    assert pair_accuracy(trained.model, data.texts, data.folds["validation"]) == pytest.approx(
        trained.validation_accuracy
    )


def test_a_pair_whose_items_score_alike_is_half_right() -> None:
    data = planted_corpus().data
    context = torch.from_numpy(data.context)
    model = PreferenceEncoder(SMALL, n_users=len(data.user_ids), context=context, seed=1).eval()
    users = np.zeros(4, np.int32)
    assert pair_accuracy(model, data.texts, PairFile.of(users, users + 3, users + 3)) == 0.5
    assert pair_accuracy(model, data.texts, PairFile.of(users[:0], users[:0], users[:0])) is None


@pytest.mark.parametrize(("epochs", "warmup"), [(1, 0.1), (10, 0.1), (4, 0.25), (20, 0.05)])
def test_a_warm_up_of_one_step(epochs: int, warmup: float) -> None:
    planted = planted_corpus(pairs=400)
    settings = SMALL.model_copy(update={"max_epochs": epochs, "warmup_fraction": warmup, "batch_size": 10_000})
    trained = train_encoder(planted.data, settings, seed=1, progress=False)
    assert np.isfinite(user_places(trained.model).embeddings).all()


def test_user_places_follow_equation_4() -> None:
    data = planted_corpus().data
    model = train_encoder(data, SMALL.model_copy(update={"max_epochs": 1}), seed=1, progress=False).model
    places, context = user_places(model), torch.from_numpy(data.context)
    expected = places.mixtures @ model.projectors(context[None])[0].detach().numpy()
    np.testing.assert_allclose(places.embeddings, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(places.mixtures.sum(axis=1), 1, rtol=1e-5)


def test_init_correlation_of_untouched_and_of_constant_starts() -> None:
    start = np.random.default_rng(0).dirichlet(np.ones(4), size=20)
    assert init_correlation(start, start) == pytest.approx(1)
    assert init_correlation(np.full_like(start, 0.25), start) is None
