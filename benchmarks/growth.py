"""Ten times the data, stage by stage: at most twelve times the time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.coverage import NEIGHBOURS, populations
from benchmarks.planted import planted_training_data
from benchmarks.result import Result, seconds_of
from python_assets.encoder.store import save_encoder
from python_assets.encoder.train import TrainedEncoder, TrainingRun, pair_accuracy
from python_assets.metrics.coverage import coverage
from python_assets.placement.fold_in import fold_in_users
from python_assets.study import Encoder, Placement
from python_assets.warehouse import Warehouse

FOLDED_SHARE = 0.02


def growth(*, users: int, items: int, pairs_per_user: int) -> list[Result]:
    """Each stage with a tenth of the users and their pairs and with all of them, over one catalogue."""
    small = stage_seconds(users=users // 10, items=items, pairs_per_user=pairs_per_user)
    large = stage_seconds(users=users, items=items, pairs_per_user=pairs_per_user)
    sizes = f"{users // 10:,} to {users:,} users, {items:,} items"
    return [
        Result(
            f"growth: {stage}",
            sizes,
            large[stage] / small[stage],
            "times",
            12,
            "at most",
            {"small_s": small[stage], "large_s": large[stage]},
        )
        for stage in small
    ]


def stage_seconds(*, users: int, items: int, pairs_per_user: int) -> dict[str, float]:
    """Seconds of each numeric stage; a training epoch is the time of a step times the number of steps."""
    data = planted_training_data(users=users, items=items, pairs_per_user=pairs_per_user)
    settings = Encoder()
    run = TrainingRun(data, settings, seed=1, device=torch.device("cpu"))
    train, model = data.folds["train"], run.model

    def read_epoch() -> None:
        for _ in train.batches(settings.batch_size, seed=1, buffer=settings.shuffle_buffer):
            pass

    trained = TrainedEncoder(model, model.mixtures().detach().numpy(), [], 0, None, None, 0.0)

    def save_users() -> None:
        with tempfile.TemporaryDirectory() as folder:
            warehouse = Warehouse(Path(folder) / "growth.duckdb")
            warehouse.prepare()
            save_encoder(warehouse, data, trained, split="all", instrument="paper", seed=1, code_version="benchmark")

    real, made = populations(users=users, personas=500)
    few = int(users * FOLDED_SHARE)
    pairs = train.read(0, len(train))
    pairs = pairs[pairs[:, 0] < few]
    stages: dict[str, Callable[[], object]] = {
        "reading an epoch's pairs": read_epoch,
        "validation accuracy": lambda: pair_accuracy(model, data.texts, data.folds["validation"]),
        "state kept at an epoch": run.dump,
        "all users' places, written": save_users,
        f"fold-in of {FOLDED_SHARE:.0%} of the users": lambda: fold_in_users(
            model, data.texts, pairs, Placement(), seeds=range(few)
        ),
        "coverage of all users": lambda: coverage(real, made, neighbours=NEIGHBOURS),
    }
    epoch = {"training epoch": run.seconds_per_step() * run.steps_per_epoch}
    return epoch | {name: seconds_of(stage, repeats=1 if "fold-in" in name else 3) for name, stage in stages.items()}
