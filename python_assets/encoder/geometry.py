"""Scores and places through K x K matrices: exact, because users differ only in their mixtures.

With prototypes at the context C (K, d) and an item's projections Z_t (K, d), Eq. 1 gives u(c) = pi C and
u(t) = pi Z_t, so that Eq. 2 needs only

    <u(c), u(t)> = pi (C Z_t') pi',   |u(t)|^2 = pi (Z_t Z_t') pi',   |u(c)|^2 = pi (C C') pi'.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from python_assets.encoder.gradients import SMALLEST, Cosines, Forms


class ItemGeometry(NamedTuple):
    """What a set of items contributes to scores.

    Attributes:
        cross: C Z_t', shape (items, K, K).
        gram: Z_t Z_t', shape (items, K, K).
        context: C C', shape (K, K).
    """

    cross: Tensor
    gram: Tensor
    context: Tensor

    def select(self, rows: Tensor) -> ItemGeometry:
        """The geometry of some of the items."""
        return ItemGeometry(self.cross.index_select(0, rows), self.gram.index_select(0, rows), self.context)


def item_geometry(projections: Tensor) -> ItemGeometry:
    """Derive the K x K matrices.

    Args:
        projections: Projections of the context (C) and then of the items (Z), shape (1 + items, K, d).
    """
    cross, gram = Forms.apply(projections)
    return ItemGeometry(cross[1:], gram, cross[0])


def cosine_scores(mixtures: Tensor, items: ItemGeometry) -> Tensor:
    """Cosines of Eq. 2 of every user with every item, before exp(sigma).

    Args:
        mixtures: pi, shape (users, K).
        items: Geometry of the items.

    Returns:
        Shape (users, items).
    """
    users, width = mixtures.shape
    # pi_k pi_l as one row, so that all quadratic forms are two matrix products.
    outer = (mixtures[:, :, None] * mixtures[:, None, :]).reshape(users, width * width)
    dot = outer @ items.cross.reshape(-1, width * width).T
    item_norm = (outer @ items.gram.reshape(-1, width * width).T).clamp_min(SMALLEST)
    context_norm = (outer @ items.context.reshape(-1)).clamp_min(SMALLEST)
    return dot * torch.rsqrt(item_norm * context_norm[:, None])


def pair_cosines(mixtures: Tensor, items: ItemGeometry, rows: Tensor) -> Tensor:
    """Cosines of Eq. 2 of given (user, item) pairs.

    Args:
        mixtures: pi of each pair's user, shape (pairs, K).
        items: Geometry of the distinct items.
        rows: Each pair's row in ``items``, shape (pairs,).

    Returns:
        Shape (pairs,).
    """
    return row_cosines(mixtures, items.select(rows))


def row_cosines(mixtures: Tensor, items: ItemGeometry) -> Tensor:
    """Cosines of Eq. 2 row by row: user n with item n.

    Args:
        mixtures: pi, shape (rows, K).
        items: Geometry of one item a row.

    Returns:
        Shape (rows,).
    """
    return Cosines.apply(mixtures, items.cross, items.gram, items.context)  # type: ignore[no-any-return]
