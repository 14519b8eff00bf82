"""Validation pair accuracy of the encoder against the plain loop of the same equations, seed by seed."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmarks.plain_encoder import train_plain
from benchmarks.planted import planted_training_data
from benchmarks.result import Result
from python_assets.encoder.data import TrainingData, read_training_data
from python_assets.encoder.train import train_encoder
from python_assets.study import Encoder
from python_assets.warehouse import Warehouse

SEEDS = (1, 2, 3)
LARGEST_DIFFERENCE = 0.01


def accuracies(*, warehouse: Path | None, split: str) -> list[Result]:
    """A planted corpus, and a split of a warehouse where one is given; with dropout off and as in Table 4."""
    planted = planted_training_data(users=500, items=300, pairs_per_user=40)
    results = against_plain("planted", planted, Encoder(max_epochs=8))
    if warehouse:
        results += against_plain(split, read_training_data(Warehouse(warehouse), split), Encoder())
    return results


def against_plain(name: str, data: TrainingData, settings: Encoder) -> list[Result]:
    """Every seed with and without dropout; both sides on one thread, as small tensors are fastest."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [
            one_seed(f"{name}, dropout {dropout:g}", data, settings.model_copy(update={"dropout": dropout}), seed=seed)
            for dropout in (0.0, settings.dropout)
            for seed in SEEDS
        ]
    finally:
        torch.set_num_threads(threads)


def one_seed(name: str, data: TrainingData, settings: Encoder, *, seed: int) -> Result:
    """How far the two accuracies are apart."""
    ours = train_encoder(data, settings, seed=seed, progress=False).validation_accuracy
    plain = train_plain(data, settings, seed=seed).validation_accuracy
    if ours is None:
        raise ValueError(f"{name} has no validation pairs: choose another split")
    sizes = f"{name}, seed {seed}, {len(data.folds['validation']):,} validation pairs"
    details: dict[str, float | int | str] = {"ours": round(ours, 4), "plain": round(plain, 4)}
    return Result(
        "accuracy: away from the plain loop", sizes, abs(ours - plain), "share", LARGEST_DIFFERENCE, "at most", details
    )
