"""Training by Bayesian personalised ranking over preference pairs (Eq. 3, Table 4)."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from python_assets.encoder.data import TrainingData
from python_assets.encoder.devices import device_of_this_process, in_parallel, rank, share_of, world_size
from python_assets.encoder.geometry import pair_cosines
from python_assets.encoder.model import PreferenceEncoder
from python_assets.encoder.pair_file import PairFile
from python_assets.progress import progress_bar
from python_assets.seeds import derive_seed
from python_assets.study import Encoder

# Steps timed before a training that takes longer than this many.
TIMED_STEPS = 20
# What an interrupted training goes on from.
STATEFUL = ("model", "optimizer", "schedule", "scaler")
EpochHook = Callable[[int, bytes], None]


class Epoch(NamedTuple):
    """One line of the training history."""

    epoch: int
    train_loss: float
    validation_accuracy: float | None
    pairs_per_second: float


class TrainedEncoder(NamedTuple):
    """The encoder at its best epoch, in evaluation mode on the CPU."""

    model: PreferenceEncoder
    start_mixtures: np.ndarray
    history: list[Epoch]
    best_epoch: int
    validation_accuracy: float | None
    test_accuracy: float | None
    seconds: float
    """Of the whole training, with all epochs of an interrupted one."""


def accuracy_in_words(accuracy: float | None) -> str:
    """Of the validation pairs, where there are any."""
    return "no validation pairs" if accuracy is None else f"validation pair accuracy {accuracy:.3f}"


def train_encoder(
    data: TrainingData,
    settings: Encoder,
    *,
    seed: int,
    resume: bytes | None = None,
    on_epoch: EpochHook | None = None,
    progress: bool = True,
    log: Callable[[str], None] = lambda line: None,
) -> TrainedEncoder:
    """Train on the training pairs, stop early on validation pair accuracy, keep the best epoch.

    Args:
        data: One split.
        settings: Table 4.
        seed: Seed of starts, shuffles and dropout.
        resume: What ``on_epoch`` last received; training goes on as if it had not been interrupted.
        on_epoch: Called after every epoch with its number and the state to resume from.
        progress: Show a bar.
        log: Told how long all epochs will take, and every epoch's figures.
    """
    started = time.monotonic()
    device = device_of_this_process()
    run = TrainingRun(data, settings, seed=seed, device=device)
    start_mixtures = run.model.mixtures().detach().cpu().numpy()
    if resume is not None:
        run.load(resume)
    # Of a former process nothing else is known, nor what it did after its last epoch.
    before = sum(len(run.train) / max(epoch.pairs_per_second, 1) for epoch in run.history)
    steps = settings.max_epochs * run.steps_per_epoch
    if steps > 50 * TIMED_STEPS and world_size() == 1:
        log(describe_estimate(data, settings, run.seconds_per_step()))
    done = run.epoch * run.steps_per_epoch
    with progress_bar("encoder", total=steps, done=done, unit="step", show=progress and rank() == 0) as bar:
        while run.epoch < settings.max_epochs and not run.exhausted:
            record = run.train_epoch(bar)
            bar.set_postfix(pairs_per_s=f"{record.pairs_per_second:,.0f}", validation=record.validation_accuracy)
            log(f"epoch {record.epoch}: loss {record.train_loss:.4f}, {accuracy_in_words(record.validation_accuracy)}")
            if on_epoch is not None and rank() == 0:
                on_epoch(run.epoch, run.dump())
    model = run.best_model()
    return TrainedEncoder(
        model=model,
        start_mixtures=start_mixtures,
        history=run.history,
        best_epoch=run.best_epoch,
        validation_accuracy=run.best_accuracy,
        test_accuracy=pair_accuracy(model, data.texts, data.folds["test"]),
        seconds=before + time.monotonic() - started,
    )


def describe_estimate(data: TrainingData, settings: Encoder, step_seconds: float) -> str:
    """What is about to be trained and how long every epoch and all of them take, in one line."""
    pairs = len(data.folds["train"])
    epoch = -(-pairs // settings.batch_size) * step_seconds
    return (
        f"{pairs:,} pairs of {len(data.user_ids):,} users and {len(data.item_ids):,} items: about {epoch:,.0f} s an epoch,"
        f" {epoch * settings.max_epochs / 60:,.0f} min for {settings.max_epochs} epochs"
    )


class TrainingRun:
    """Model, optimiser and schedule of one training; between two epochs, ``dump`` and ``load`` carry it on."""

    def __init__(self, data: TrainingData, settings: Encoder, *, seed: int, device: torch.device) -> None:
        self.data, self.settings, self.seed, self.device = data, settings, seed, device
        self.model = PreferenceEncoder(
            settings, n_users=len(data.user_ids), context=torch.from_numpy(data.context), seed=seed
        ).to(device)
        self.parallel = in_parallel(self.model)
        self.texts = torch.tensor(data.texts, device=device)
        self.train = data.folds["train"]
        self.steps_per_epoch = -(-len(self.train) // settings.batch_size)
        self.mixed = device.type == "cuda" and settings.precision != "float32"
        rates = [settings.projector_lr, settings.mixture_lr, settings.logit_scale_lr]
        groups: list[dict[str, Any]] = [
            {"params": list(self.model.projectors.parameters()), "weight_decay": settings.weight_decay},
            {"params": [self.model.w], "weight_decay": 0.0},
            {"params": [self.model.sigma], "weight_decay": 0.0},
        ]
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        self.optimizer = torch.optim.AdamW(groups, fused=True)
        steps, warmup = max(2, settings.max_epochs * self.steps_per_epoch), settings.warmup_fraction
        if warmup * steps == 1:
            # torch divides by the number of the warm-up's last step, which is 0 here.
            warmup *= 1 - 1e-9
        self.schedule = OneCycleLR(self.optimizer, max_lr=rates, total_steps=steps, pct_start=warmup)
        # Alone on a CPU, the dense gradient of all users that AdamW wants is kept, and only a batch's rows in it change.
        self.model.sparse_users = device.type == "cpu" and world_size() == 1
        self.user_gradient = torch.zeros_like(self.model.w, requires_grad=False) if self.model.sparse_users else None
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.mixed)
        self.epoch, self.best_epoch = 0, 0
        self.best_accuracy: float | None = None
        self.best_state: dict[str, Tensor] = {}
        self.history: list[Epoch] = []

    @property
    def exhausted(self) -> bool:
        return self.best_accuracy is not None and self.epoch - self.best_epoch >= self.settings.patience

    def train_epoch(self, bar: tqdm) -> Epoch:  # type: ignore[type-arg]
        self.model.train()
        epoch_seed = derive_seed(self.seed, "epoch", self.epoch)
        size, buffer = self.settings.batch_size, self.settings.shuffle_buffer
        started, total = time.monotonic(), 0.0
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(epoch_seed + rank())
            for rows in self.train.batches(size, seed=epoch_seed, buffer=buffer):
                total += self.step(
                    *self.codes(share_of(rows)), weight=len(share_of(rows)) * world_size() / len(rows)
                ) * len(rows)
                bar.update()
        self.epoch += 1
        accuracy = pair_accuracy(self.model, self.data.texts, self.data.folds["validation"])
        speed = len(self.train) / (time.monotonic() - started)
        self.history.append(Epoch(self.epoch, total / len(self.train), accuracy, round(speed)))
        if accuracy is None or self.best_accuracy is None or accuracy > self.best_accuracy:
            self.best_accuracy, self.best_epoch = accuracy, self.epoch
            self.best_state = {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}
        return self.history[-1]

    def codes(self, rows: np.ndarray) -> Tensor:
        """Users, preferred and other items of pairs, shape (3, pairs), on the device."""
        return torch.from_numpy(rows.T.astype(np.int64)).to(self.device)

    def step(self, users: Tensor, preferred: Tensor, other: Tensor, *, weight: float = 1.0) -> float:
        """One step of the optimiser; ``weight`` corrects the mean where processes have unequal shares of a batch."""
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, dtype=torch.float16, enabled=self.mixed):
            loss = self.parallel(self.texts, users, preferred, other) * weight
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        clip_gradients(list(self.model.parameters()), self.settings.gradient_clip)
        with self.dense_user_gradient():
            self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        return float(loss.detach())

    @contextmanager
    def dense_user_gradient(self) -> Iterator[None]:
        """The gradient of w as a dense matrix while the optimizer takes its step."""
        if self.user_gradient is None:
            yield
            return
        rows, values = sparse_parts(self.model.w)
        self.model.w.grad = self.user_gradient.index_copy_(0, rows, values)
        yield
        self.user_gradient.index_fill_(0, rows, 0)

    def seconds_per_step(self) -> float:
        """Median time of a step, measured on a copy that is thrown away."""
        size, times = self.settings.batch_size, []
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            trial = TrainingRun(self.data, self.settings, seed=0, device=self.device)
            trial.model.train()
            for start in range(TIMED_STEPS):
                begun = time.perf_counter()
                trial.step(*trial.codes(self.train.read(start * size, (start + 1) * size)))
                times.append(time.perf_counter() - begun)
        return float(np.median(times))

    def dump(self) -> bytes:
        buffer = io.BytesIO()
        parts = {name: getattr(self, name).state_dict() for name in STATEFUL}
        progress = {name: getattr(self, name) for name in ("epoch", "best_epoch", "best_accuracy", "best_state")}
        torch.save({**parts, "progress": progress, "history": [tuple(epoch) for epoch in self.history]}, buffer)
        return buffer.getvalue()

    def load(self, state: bytes) -> None:
        saved = torch.load(io.BytesIO(state), map_location=self.device, weights_only=True)
        for name in STATEFUL:
            getattr(self, name).load_state_dict(saved[name])
        for name, value in saved["progress"].items():
            setattr(self, name, value)
        self.history = [Epoch(*epoch) for epoch in saved["history"]]

    def best_model(self) -> PreferenceEncoder:
        self.model.load_state_dict(self.best_state)
        return self.model.cpu().eval()


def clip_gradients(parameters: list[Tensor], largest: float) -> None:
    """torch's ``clip_grad_norm_`` for sparse gradients too; gradients that are short enough are not touched."""
    gradients = [
        sparse_parts(parameter)[1] if parameter.grad.is_sparse else parameter.grad
        for parameter in parameters
        if parameter.grad is not None
    ]
    norm = torch.nn.utils.get_total_norm(gradients)
    if not norm <= largest:
        for gradient in gradients:
            gradient.mul_(largest / (norm + 1e-6))


def sparse_parts(parameter: Tensor) -> tuple[Tensor, Tensor]:
    """Rows with a gradient, each once, shape (n,), and their gradients, shape (n, K)."""
    assert parameter.grad is not None
    parameter.grad = parameter.grad.coalesce()
    return parameter.grad.indices()[0], parameter.grad.values()


@torch.no_grad()
def pair_accuracy(model: PreferenceEncoder, texts: np.ndarray, pairs: PairFile) -> float | None:
    """Share of pairs whose preferred item scores higher, ties counting half; None without pairs."""
    if not len(pairs):
        return None
    device = model.context.device
    geometry = model.catalogue_geometry(texts)
    mixtures, correct = model.mixtures().detach(), 0.0
    for block in pairs.blocks():
        users, preferred, other = torch.from_numpy(block.T.astype(np.int64)).to(device)
        better, worse = (pair_cosines(mixtures.index_select(0, users), geometry, items) for items in (preferred, other))
        correct += float((better > worse).sum()) + 0.5 * float((better == worse).sum())
    return correct / len(pairs)
