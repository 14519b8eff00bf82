"""Placement and fold-in, all at once, against Algorithm 1 one by one through the projectors."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.plain_encoder import PlainEncoder, plain_placement
from benchmarks.result import Result, seconds_of
from python_assets.encoder.model import PreferenceEncoder
from python_assets.placement.fit import place_personas
from python_assets.placement.fold_in import fold_in_users
from python_assets.study import Encoder, Placement

# One by one is timed on this many and multiplied: all of them would take an hour.
PLAIN_SAMPLE = 5


def placing(*, personas: int, probes: int, objective: str = "bpr") -> Result:
    """Places of a whole population."""
    rng = np.random.default_rng(0)
    texts, settings = (
        rng.normal(size=(probes, 384)).astype(np.float32),
        Placement.model_validate({"objective": objective}),
    )
    ratings = rng.integers(1, 6, size=(personas, probes)).astype(float)
    model, plain = _models(texts)
    ours = seconds_of(
        lambda: place_personas(model, texts, ratings, settings, min_gap=1, seeds=range(personas)), repeats=3
    )
    one = seconds_of(_one_by_one(plain, texts, ratings, settings)) / PLAIN_SAMPLE
    sizes = f"{personas} personas, {probes} probes, {settings.steps} steps"
    details: dict[str, float | int | str] = {
        "all_at_once_s": ours,
        "one_by_one_s": one * personas,
        "one_by_one_measured_on": PLAIN_SAMPLE,
    }
    return Result("placing personas", sizes, one * personas / ours, "times", 200, "at least", details)


def folding_in(*, users: int, items: int = 2000, history: int = 20) -> Result:
    """Places of new users, from the pairs of their own histories."""
    rng = np.random.default_rng(0)
    texts, settings = rng.normal(size=(items, 384)).astype(np.float32), Placement()
    rated, ratings = rng.integers(0, items, (users, history)), rng.integers(1, 6, (users, history))
    user, a, b = np.nonzero(ratings[:, :, None] - ratings[:, None, :] >= 1)
    pairs = np.stack([user, rated[user, a], rated[user, b]], axis=1).astype(np.int32)
    model, plain = _models(texts)
    ours = seconds_of(lambda: fold_in_users(model, texts, pairs, settings, seeds=range(users)))

    def one_by_one() -> None:
        for row in range(PLAIN_SAMPLE):
            own = torch.from_numpy(texts[rated[row]])
            plain_placement(plain, own, torch.from_numpy(ratings[row].astype(float)), settings, torch.randn(4))

    one = seconds_of(one_by_one) / PLAIN_SAMPLE
    sizes = f"{users:,} users, {history} reviews each, {len(pairs):,} pairs, {settings.steps} steps"
    details: dict[str, float | int | str] = {
        "all_at_once_s": ours,
        "one_by_one_s": one * users,
        "one_by_one_measured_on": PLAIN_SAMPLE,
    }
    return Result("fold-in of users", sizes, one * users / ours, "times", 50, "at least", details)


def _models(texts: np.ndarray) -> tuple[PreferenceEncoder, PlainEncoder]:
    settings, context = Encoder(), torch.from_numpy(texts.mean(axis=0))
    ours = PreferenceEncoder(settings, n_users=0, context=context, seed=1).eval()
    return ours, PlainEncoder(settings, n_users=0, context=context, seed=1)


def _one_by_one(plain: PlainEncoder, texts: np.ndarray, ratings: np.ndarray, settings: Placement):  # type: ignore[no-untyped-def]
    def run() -> None:
        for row in range(PLAIN_SAMPLE):
            plain_placement(plain, torch.from_numpy(texts), torch.from_numpy(ratings[row]), settings, torch.randn(4))

    return run
