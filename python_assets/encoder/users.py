"""Real users in the preference space (Eq. 4), and how two encoders agree about them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from python_assets.encoder.geometry import ItemGeometry, cosine_scores
from python_assets.encoder.model import PreferenceEncoder


class UserPlaces(NamedTuple):
    """Mixtures pi, shape (users, K), and embeddings u* = pi C, shape (users, d)."""

    mixtures: np.ndarray
    embeddings: np.ndarray


@torch.no_grad()
def user_places(model: PreferenceEncoder) -> UserPlaces:
    """Every trained user at the catalogue mean (Eq. 4)."""
    mixtures = model.mixtures()
    return UserPlaces(mixtures.numpy(), (mixtures @ model.prototypes()).numpy())


@torch.no_grad()
def score_items(
    model: PreferenceEncoder, mixtures: np.ndarray, items: ItemGeometry, *, batch: int = 16384
) -> np.ndarray:
    """Cosine scores of Eq. 2 without exp(sigma), which changes no order and no correlation.

    Args:
        model: Frozen encoder.
        mixtures: pi, shape (users, K).
        items: Geometry of the items.
        batch: Users at a time.

    Returns:
        Shape (users, items), float32.
    """
    rows = torch.from_numpy(np.ascontiguousarray(mixtures, dtype=np.float32))
    return np.concatenate([cosine_scores(part, items).numpy() for part in rows.split(batch)])


def init_correlation(start: np.ndarray, final: np.ndarray) -> float | None:
    """Pearson correlation of all mixture weights with their random start (DESIGN section 5c); None when one is constant.

    Args:
        start: pi before training, shape (users, K).
        final: pi after training, shape (users, K).
    """
    if start.std() == 0 or final.std() == 0:
        return None
    return float(np.corrcoef(start.ravel(), final.ravel())[0, 1])
