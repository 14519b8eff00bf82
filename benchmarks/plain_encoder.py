"""The encoder and Algorithm 1 as a reader of the paper would write them: the reference for tests and benchmarks.

K separate MLPs, every pair's two items projected each time they occur, one persona at a time.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR

from python_assets.encoder.data import TrainingData
from python_assets.seeds import derive_seed
from python_assets.study import Encoder, Placement


class PlainEncoder(nn.Module):
    """Eq. 1 and 2, word for word."""

    def __init__(self, settings: Encoder, *, n_users: int, context: Tensor, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.settings = settings
        self.projectors = nn.ModuleList(self._projector() for _ in range(settings.prototypes))
        self.w = nn.Parameter(torch.randn(n_users, settings.prototypes))
        self.sigma = nn.Parameter(torch.tensor(settings.logit_scale_init))
        self.context = context.reshape(1, -1)

    def _projector(self) -> nn.Sequential:
        widths = [384, *[self.settings.hidden_width] * self.settings.hidden_layers, self.settings.dimension]
        layers: list[nn.Module] = []
        for depth, (i, o) in enumerate(itertools.pairwise(widths)):
            layers.append(nn.Linear(i, o))
            if depth < len(widths) - 2:
                layers += [nn.Dropout(self.settings.dropout), nn.ReLU()]
        return nn.Sequential(*layers)

    def represent(self, mixtures: Tensor, texts: Tensor) -> Tensor:
        """Eq. 1: sum_k pi_k P_k(text), row by row."""
        projected = torch.stack([projector(texts) for projector in self.projectors], dim=1)
        return (mixtures[:, :, None] * projected).sum(1)

    def score(self, mixtures: Tensor, texts: Tensor) -> Tensor:
        """Eq. 2."""
        user = self.represent(mixtures, self.context.expand(len(texts), -1))
        item = self.represent(mixtures, texts)
        return functional.cosine_similarity(user, item) * self.sigma.exp().clamp(max=self.settings.logit_scale_max)

    def loss(self, users: Tensor, preferred: Tensor, other: Tensor) -> Tensor:
        """Eq. 3; items as text vectors."""
        mixtures = torch.softmax(self.w[users] / self.settings.mixture_temperature, dim=1)
        logits = torch.stack([self.score(mixtures, preferred), self.score(mixtures, other)], dim=1)
        return functional.cross_entropy(logits, torch.zeros(len(users), dtype=torch.long))


def plain_optimizer(model: PlainEncoder, steps: int) -> tuple[torch.optim.Optimizer, OneCycleLR]:
    """Table 4: AdamW with three learning rates under one cycle."""
    settings = model.settings
    rates = [settings.projector_lr, settings.mixture_lr, settings.logit_scale_lr]
    parameters = [list(model.projectors.parameters()), [model.w], [model.sigma]]
    decays = [settings.weight_decay, 0.0, 0.0]
    groups = [{"params": p, "lr": r, "weight_decay": d} for p, r, d in zip(parameters, rates, decays, strict=True)]
    optimizer = torch.optim.AdamW(groups)
    return optimizer, OneCycleLR(optimizer, max_lr=rates, total_steps=steps, pct_start=settings.warmup_fraction)


def plain_placement(model: PlainEncoder, probes: Tensor, ratings: Tensor, settings: Placement, start: Tensor) -> Tensor:
    """Algorithm 1 for one persona, through the projectors at every step; returns the mixture, shape (K,)."""
    model.eval()
    a, b = torch.nonzero(ratings[:, None] - ratings[None, :] >= 1, as_tuple=True)
    w = start.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([w], lr=settings.learning_rate)
    for _ in range(settings.steps):
        mixture = torch.softmax(w / model.settings.mixture_temperature, dim=0)
        scores = model.score(mixture.expand(len(probes), -1), probes)
        loss = -functional.logsigmoid(scores[a] - scores[b]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.softmax(w / model.settings.mixture_temperature, dim=0).detach()


class PlainTraining(NamedTuple):
    """Accuracy of the best epoch on the validation pairs, and of each epoch."""

    validation_accuracy: float
    history: list[float]


def train_plain(data: TrainingData, settings: Encoder, *, seed: int) -> PlainTraining:
    """Table 4 as a loop over in-memory pairs, in the order in which the project's encoder sees them."""
    train, validation = (torch.from_numpy(_all(data, fold)) for fold in ("train", "validation"))
    texts, size = torch.tensor(data.texts), settings.batch_size
    model = PlainEncoder(settings, n_users=len(data.user_ids), context=torch.from_numpy(data.context), seed=seed)
    optimizer, schedule = plain_optimizer(model, settings.max_epochs * -(-len(train) // size))
    history: list[float] = []
    for epoch in range(settings.max_epochs):
        model.train()
        batches = data.folds["train"].batches(size, seed=derive_seed(seed, "epoch", epoch), buffer=len(train) + size)
        for rows in batches:
            users, preferred, other = torch.from_numpy(rows.T.astype(np.int64))
            optimizer.zero_grad()
            model.loss(users, texts[preferred], texts[other]).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_clip)
            optimizer.step()
            schedule.step()
        history.append(_accuracy(model.eval(), texts, validation))
        if epoch - history.index(max(history)) >= settings.patience:
            break
    return PlainTraining(max(history), history)


def _all(data: TrainingData, fold: str) -> np.ndarray:
    return data.folds[fold].read(0, len(data.folds[fold])).astype(np.int64)


@torch.no_grad()
def _accuracy(model: PlainEncoder, texts: Tensor, pairs: Tensor) -> float:
    mixtures = torch.softmax(model.w / model.settings.mixture_temperature, dim=1)
    users, preferred, other = pairs.T
    better, worse = (model.score(mixtures[users], texts[items]) for items in (preferred, other))
    return float(((better > worse).double() + 0.5 * (better == worse).double()).mean())
