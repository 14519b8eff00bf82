"""Algorithm 1 for any number of personas at once.

The users' projectors, sigma and context are frozen, so the probes enter only through their K x K matrices and one
Adam step of all personas is a handful of small products. Personas do not influence each other: Adam works
coordinate by coordinate, and each start is drawn from its persona's own seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from python_assets.encoder.geometry import ItemGeometry, cosine_scores
from python_assets.encoder.model import PreferenceEncoder
from python_assets.study import Placement
from python_assets.threads import one_torch_thread

# Personas fitted together: their pair matrices (M x M each) then stay near the processor's cache. With 100 probes, 500
# personas took 2.4 s with Eq. 5 and 1.9 s with the correlation; 64 at a time 7.3 and 1.0 s, 16 at a time 3.7 and 3.5 s.
CHUNK = 32


class Placed(NamedTuple):
    """Where the personas are.

    Attributes:
        mixtures: pi, shape (personas, K).
        embeddings: u = pi C, shape (personas, d).
        n_pairs: Pairs of each persona's ratings, shape (personas,).
        placed: Whether there was any pair: without one the start is kept and means nothing, shape (personas,).
        loss: Mean of Eq. 5 over the pairs at the end, or 1 - correlation; NaN where not placed.
    """

    mixtures: np.ndarray
    embeddings: np.ndarray
    n_pairs: np.ndarray
    placed: np.ndarray
    loss: np.ndarray


def place_personas(
    model: PreferenceEncoder,
    probes: np.ndarray,
    ratings: np.ndarray,
    settings: Placement,
    *,
    min_gap: float,
    seeds: Sequence[int],
) -> Placed:
    """Fit every persona's w with everything else frozen.

    Args:
        model: Frozen encoder.
        probes: phi of the probe items, shape (M, 384).
        ratings: Ratings or expected ratings, NaN where there is none, shape (personas, M).
        settings: Table 5.
        min_gap: Least difference of two ratings that makes a pair.
        seeds: Seed of each persona's start.

    Raises:
        ValueError: Shapes do not fit.
    """
    if ratings.shape != (len(seeds), len(probes)):
        raise ValueError(
            f"ratings have shape {ratings.shape}, but there are {len(seeds)} personas and {len(probes)} probes"
        )
    if not len(seeds):
        width, depth = model.settings.prototypes, model.settings.dimension
        return Placed(np.empty((0, width)), np.empty((0, depth)), np.empty(0, int), np.empty(0, bool), np.empty(0))
    geometry = model.catalogue_geometry(probes)
    known = torch.from_numpy(np.asarray(ratings, dtype=np.float32))
    starts = start_logits(seeds, model.settings.prototypes, settings.init)
    # Sums of another shape are rounded otherwise: a last chunk that is not full gets personas without an answer.
    missing = -len(seeds) % CHUNK
    known = functional.pad(known, (0, 0, 0, missing), value=torch.nan)
    starts = functional.pad(starts, (0, 0, 0, missing))
    with one_torch_thread():
        parts = [
            _fit(model, geometry, *chunk, settings, min_gap)
            for chunk in zip(known.split(CHUNK), starts.split(CHUNK), strict=True)
        ]
        embeddings = torch.cat([part[0] @ model.prototypes() for part in parts])
    mixtures, n_pairs, loss = (torch.cat(whole)[: len(seeds)].numpy() for whole in zip(*parts, strict=True))
    placed = n_pairs > 0
    return Placed(
        mixtures=mixtures,
        embeddings=embeddings[: len(seeds)].numpy(),
        n_pairs=n_pairs,
        placed=placed,
        loss=np.where(placed, loss, np.nan),
    )


def start_logits(seeds: Sequence[int], prototypes: int, init: str) -> Tensor:
    """Step 4 of Algorithm 1: w ~ N(0, I) from each persona's seed, or zero; shape (personas, K)."""
    if init == "zero":
        return torch.zeros(len(seeds), prototypes)
    draws = [torch.randn(prototypes, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(draws) if draws else torch.empty(0, prototypes)


def _fit(
    model: PreferenceEncoder, probes: ItemGeometry, ratings: Tensor, start: Tensor, settings: Placement, min_gap: float
) -> tuple[Tensor, Tensor, Tensor]:
    # NaN compares false, so an unanswered probe makes no pair. The tolerance keeps 0.05-gaps of float32 means in.
    pairs = (ratings[:, :, None] - ratings[:, None, :] >= min_gap - 1e-6).float()
    n_pairs = pairs.sum((1, 2)).long()
    w = start.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([w], lr=settings.learning_rate)
    scale, tau = model.scale().detach(), model.settings.mixture_temperature
    for _ in range(settings.steps):
        optimizer.zero_grad(set_to_none=True)
        scores = cosine_scores(functional.softmax(w / tau, dim=1), probes)
        if settings.objective == "bpr":
            # The gradient of Eq. 5 in the scores in closed form: one sigmoid a pair, and no graph over pairs.
            gradient, _ = bpr_gradient(scores.detach() * scale, pairs)
            (scores * scale * gradient).sum().backward()
        else:
            negative_correlation(scores, ratings).sum().backward()
        optimizer.step()
    with torch.no_grad():
        mixtures = functional.softmax(w / tau, dim=1)
        scores = cosine_scores(mixtures, probes)
        if settings.objective == "bpr":
            loss = bpr_gradient(scores * scale, pairs)[1] / n_pairs.clamp_min(1)
        else:
            loss = 1 + negative_correlation(scores, ratings)
    return mixtures, n_pairs, loss


def bpr_gradient(scores: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient of Eq. 5 in the scores, shape (personas, M), and the loss, shape (personas,).

    Args:
        scores: Shape (personas, M).
        pairs: 1 where the row item is preferred to the column item, shape (personas, M, M).
    """
    behind = scores[:, None, :] - scores[:, :, None]
    wrong = torch.sigmoid(behind) * pairs
    loss = (functional.softplus(behind) * pairs).sum((1, 2)) if not torch.is_grad_enabled() else scores.new_empty(0)
    return wrong.sum(1) - wrong.sum(2), loss


def negative_correlation(scores: Tensor, ratings: Tensor) -> Tensor:
    """Minus the Pearson correlation over answered probes, shape (personas,); 0 for constant ratings."""
    known = ~ratings.isnan()
    count = known.sum(1, keepdim=True).clamp_min(1)
    filled = torch.where(known, ratings, 0.0)
    s = torch.where(known, scores - (scores * known).sum(1, keepdim=True) / count, 0.0)
    r = torch.where(known, filled - filled.sum(1, keepdim=True) / count, 0.0)
    return -(s * r).sum(1) / ((s * s).sum(1) * (r * r).sum(1)).clamp_min(1e-24).sqrt()
