"""New and changed users without retraining: Algorithm 1 on their own preference pairs, many users at once.

Everything but w is frozen, as for personas (section 3.3) and as PAL places a user it has not seen. A user's pairs share
a few items, so each step scores every (user, item) once through K x K matrices and takes differences of those scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from python_assets.encoder.geometry import ItemGeometry, row_cosines
from python_assets.encoder.model import PreferenceEncoder
from python_assets.placement.fit import start_logits
from python_assets.study import Placement

# Pairs fitted together: the arrays of one step then stay near the processor's cache.
CHUNK_PAIRS = 100_000


class FoldedUsers(NamedTuple):
    """Where the users are.

    Attributes:
        mixtures: pi, shape (users, K).
        embeddings: u* = pi C, shape (users, d).
        n_pairs: Pairs of each user, shape (users,). Without one the start is kept, as in training.
    """

    mixtures: np.ndarray
    embeddings: np.ndarray
    n_pairs: np.ndarray


def fold_in_users(
    model: PreferenceEncoder, texts: np.ndarray, pairs: np.ndarray, settings: Placement, *, seeds: Sequence[int]
) -> FoldedUsers:
    """Fit w of each user to the user's pairs by Eq. 5.

    Args:
        model: Frozen encoder.
        texts: phi of the items that pairs refer to, shape (items, 384).
        pairs: User, preferred and other item of each pair, as codes, shape (pairs, 3).
        settings: Steps, learning rate and start of Table 5; the objective is always Eq. 5.
        seeds: Seed of each user's start, length users.
    """
    geometry = model.catalogue_geometry(texts)
    starts = start_logits(seeds, model.settings.prototypes, settings.init)
    rows = torch.from_numpy(pairs[np.argsort(pairs[:, 0], kind="stable")].astype(np.int64))
    n_pairs = torch.bincount(rows[:, 0], minlength=len(seeds))
    ends = torch.cumsum(n_pairs, 0)
    logits = starts.clone()
    for first, last in _chunks(ends):
        begin = int(ends[first - 1]) if first else 0
        part = rows[begin : int(ends[last - 1])]
        logits[first:last] = _fit(model, geometry, part - torch.tensor([first, 0, 0]), starts[first:last], settings)
    mixtures = functional.softmax(logits / model.settings.mixture_temperature, dim=1)
    return FoldedUsers(mixtures.numpy(), (mixtures @ model.prototypes()).numpy(), n_pairs.numpy())


def _chunks(ends: Tensor) -> list[tuple[int, int]]:
    """Ranges of users with about CHUNK_PAIRS pairs each, given where each user's pairs end."""
    if not len(ends):
        return []
    group = (ends - 1).clamp_min(0) // CHUNK_PAIRS
    borders = torch.nonzero(group.diff()).flatten().add(1).tolist()
    return list(zip([0, *borders], [*borders, len(ends)], strict=True))


def _fit(model: PreferenceEncoder, items: ItemGeometry, pairs: Tensor, start: Tensor, settings: Placement) -> Tensor:
    if not len(pairs):
        return start
    scale, tau = model.scale().detach(), model.settings.mixture_temperature
    users, better, worse, scored = _scored_items(pairs, len(items.cross))
    geometry = items.select(scored)
    w = start.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([w], lr=settings.learning_rate)
    for _ in range(settings.steps):
        optimizer.zero_grad(set_to_none=True)
        mixtures = functional.softmax(w / tau, dim=1)
        scores = row_cosines(mixtures[users], geometry) * scale
        # d/ds of softplus(s_worse - s_better), in closed form: no graph over pairs.
        wrong = torch.sigmoid(scores.detach()[worse] - scores.detach()[better])
        gradient = torch.zeros_like(scores).index_add_(0, worse, wrong).index_add_(0, better, -wrong)
        scores.backward(gradient)
        optimizer.step()
    return w.detach()


def _scored_items(pairs: Tensor, n_items: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Distinct (user, item) of pairs: their users, each pair's two places among them, and their items."""
    keys = torch.cat([pairs[:, 0] * n_items + pairs[:, 1], pairs[:, 0] * n_items + pairs[:, 2]])
    distinct, places = torch.unique(keys, return_inverse=True)
    better, worse = places.chunk(2)
    return distinct // n_items, better, worse, distinct % n_items
