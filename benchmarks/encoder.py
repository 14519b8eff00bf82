"""The encoder's training step against its bare matrix products, and memory and time of training at the paper's size."""

from __future__ import annotations

import itertools
import statistics

import torch
from torch import Tensor

from benchmarks.planted import planted_training_data
from benchmarks.result import Result, run_apart, seconds_of
from python_assets.encoder.train import TrainingRun, describe_estimate, pair_accuracy
from python_assets.study import Encoder

IN_TURN = 10


def training_step(*, users: int, items: int, steps: int = 200) -> Result:
    """Whole steps (loss, gradients, clip, AdamW, schedule) against the products they cannot do without.

    Ten of each in turn, as training does them: one after another.
    """
    settings = Encoder()
    data = planted_training_data(users=users, items=items, pairs_per_user=10)
    run = TrainingRun(data, settings, seed=1, device=torch.device("cpu"))
    run.model.train()
    size, ours, bare = settings.batch_size, [], []
    for block in range(0, steps, IN_TURN):
        batches = [data.folds["train"].read(n * size, (n + 1) * size) for n in range(block, block + IN_TURN)]
        distinct = [len(torch.unique(torch.from_numpy(rows[:, 1:].copy()))) for rows in batches]
        products = bare_products(settings, round(statistics.mean(distinct)) + 1)
        ours.append(seconds_of(lambda batches=batches: [run.step(*run.codes(rows)) for rows in batches]) / IN_TURN)  # type: ignore[misc]
        bare.append(seconds_of(lambda products=products: multiply(products, IN_TURN)) / IN_TURN)  # type: ignore[misc]
    step, floor = statistics.median(ours), statistics.median(bare)
    sizes = f"{users:,} users, {items:,} items, {size} pairs a step"
    details: dict[str, float | int | str] = {"step_ms": step * 1e3, "products_ms": floor * 1e3, "steps": steps}
    return Result("training step / its matrix products", sizes, step / floor, "times", 1.5, "at most", details)


def multiply(products: list[tuple[Tensor, Tensor]], times: int) -> None:
    """Every product, some times over; no result is kept, so that memory is used again as in training."""
    for _ in range(times):
        for left, right in products:
            torch.matmul(left, right)


def bare_products(settings: Encoder, rows: int) -> list[tuple[Tensor, Tensor]]:
    """The operands of every matrix product of a step over ``rows`` projected texts, forward and backward."""
    k, widths = settings.prototypes, [384, *[settings.hidden_width] * settings.hidden_layers, settings.dimension]
    pairs = []
    for depth, (i, o) in enumerate(itertools.pairwise(widths)):
        x, weight, gradient = torch.randn(k, rows, i), torch.randn(k, i, o), torch.randn(k, rows, o)
        pairs += [(x, weight), (x.transpose(1, 2), gradient)]
        if depth:
            pairs.append((gradient, weight.transpose(1, 2)))
    d = settings.dimension
    projected, by_item, prototypes = torch.randn(k, rows, d), torch.randn(rows, k, d), torch.randn(k, d)
    cross, gram = torch.randn(k, rows, k), torch.randn(rows, k, k)
    pairs += [(projected, prototypes.T), (cross, prototypes), (cross.reshape(-1, k).T, projected.reshape(-1, d))]
    pairs += [(by_item, by_item.transpose(1, 2)), (gram, by_item)]
    return pairs


def training_memory(*, users: int, items: int, pairs_per_user: int, steps: int) -> Result:
    """Peak memory of a process that trains at this size, with the time told before it starts."""
    done = run_apart(train_some_steps, users=users, items=items, pairs_per_user=pairs_per_user, steps=steps)
    sizes = f"{users:,} users, {items:,} items, {users * pairs_per_user:,} pairs"
    return Result("training: peak memory", sizes, done.peak_mib, "MiB", 4096, "at most", done.value)


def train_some_steps(*, users: int, items: int, pairs_per_user: int, steps: int) -> dict[str, float | int | str]:
    """Some steps of an epoch, then the validation accuracy over all its pairs: what memory depends on."""
    settings = Encoder()
    data = planted_training_data(users=users, items=items, pairs_per_user=pairs_per_user)
    run = TrainingRun(data, settings, seed=1, device=torch.device("cpu"))
    estimate = describe_estimate(data, settings, run.seconds_per_step())
    print(estimate, flush=True)
    batches = data.folds["train"].batches(settings.batch_size, seed=1, buffer=settings.shuffle_buffer)
    run.model.train()

    def train() -> None:
        for rows in itertools.islice(batches, steps):
            run.step(*run.codes(rows))

    seconds = seconds_of(train)
    validation = seconds_of(lambda: pair_accuracy(run.model, data.texts, data.folds["validation"]))
    state = len(run.dump()) / 2**20
    return {
        "estimate": estimate,
        "steps": steps,
        "pairs_per_second": round(steps * settings.batch_size / seconds),
        "validation_seconds": validation,
        "state_mib": state,
    }
