"""Scores and K x K matrices with their gradients written out: half the time of what autograd composes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# Below this a squared norm counts as this, so that a direction of length 0 scores 0.
SMALLEST = 1e-24


class Forms(torch.autograd.Function):
    """C Z' of the context and all items, shape (1 + items, K, K), and Z Z' of the items, shape (items, K, K)."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cuda", cast_inputs=torch.float32)
    def forward(ctx: Any, projections: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(projections)
        items = projections[1:]
        # The projectors' output lies in memory projector after projector: no product copies it.
        cross = (projections.transpose(0, 1) @ projections[0].T).permute(1, 2, 0)
        return cross, torch.bmm(items, items.transpose(1, 2))

    @staticmethod
    @torch.amp.custom_bwd(device_type="cuda")
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        by_cross, by_gram = gradients[0].permute(2, 0, 1), gradients[1]
        (projections,) = ctx.saved_tensors
        by_projector, context = projections.transpose(0, 1), projections[0]
        out = (by_cross.reshape(-1, len(context)) @ context).view(by_projector.shape)
        out[:, 0] += torch.bmm(by_cross.transpose(1, 2), by_projector).sum(0)
        # G + G', one column of every item after another, times the rows of Z.
        for column, rows in zip((by_gram + by_gram.transpose(1, 2)).unbind(2), by_projector, strict=True):
            out[:, 1:].addcmul_(rows[1:], column.T[:, :, None])
        return out.transpose(0, 1)


class Cosines(torch.autograd.Function):
    """pi X pi' / sqrt(pi Y pi' pi W pi') row by row: X, Y of shape (rows, K, K), W of shape (K, K) for all."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cuda", cast_inputs=torch.float32)
    def forward(ctx: Any, mixtures: Tensor, cross: Tensor, gram: Tensor, context: Tensor) -> Tensor:
        outer = mixtures[:, :, None] * mixtures[:, None, :]
        item_norm = (outer * gram).flatten(1).sum(1).clamp_min(SMALLEST)
        context_norm = (outer.flatten(1) @ context.reshape(-1)).clamp_min(SMALLEST)
        inverse = torch.rsqrt(item_norm * context_norm)
        cosines = (outer * cross).flatten(1).sum(1).mul_(inverse)
        ctx.save_for_backward(mixtures, cross, gram, context, outer, item_norm, context_norm, inverse, cosines)
        return cosines

    @staticmethod
    @torch.amp.custom_bwd(device_type="cuda")
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        mixtures, cross, gram, context, outer, item_norm, context_norm, inverse, cosines = ctx.saved_tensors
        half = gradients[0] * cosines * -0.5
        # A norm that was raised to SMALLEST is a constant.
        by_item, by_context = ((half / norm * (norm > SMALLEST))[:, None, None] for norm in (item_norm, context_norm))
        by_dot = (gradients[0] * inverse)[:, None, None]
        by_outer = (by_dot * cross).addcmul_(by_item, gram).addcmul_(by_context, context)
        by_mixtures = ((by_outer + by_outer.transpose(1, 2)) * mixtures[:, None, :]).sum(2)
        if not any(ctx.needs_input_grad[1:]):
            return by_mixtures, None, None, None
        return by_mixtures, by_dot * outer, by_item * outer, (by_context * outer).sum(0)
