"""ReLU and dropout as one step: on a CPU, torch's dropout alone costs half as much as the matrix products around it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

# Probabilities are cut to a 65,536th: four draws from one random 64-bit number instead of one draw each.
LEVELS = 65_536


def relu_dropout(hidden: Tensor, p: float) -> Tensor:
    """ReLU, then each unit zero with probability p and the others scaled by 1 / (1 - p).

    Dropping before or after a ReLU is the same, so this equals PAL's order (dropout, ReLU).

    Args:
        hidden: What a linear layer gives, any shape; overwritten on a CPU.
        p: Probability of a zero, in [0, 1).
    """
    if p == 0:
        return functional.relu(hidden)
    if hidden.device.type != "cpu":
        return functional.relu(functional.dropout(hidden, p))
    return _ReluDropout.apply(hidden, p)  # type: ignore[no-any-return]


class _ReluDropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, p: float) -> Tensor:
        ctx.mark_dirty(hidden)
        # relu(x) keep / (1 - p): the sign of the result says all that the way back needs.
        hidden.relu_().mul_(keep_mask(hidden.shape, p)).mul_(1 / (1 - p))
        ctx.save_for_backward(hidden)
        ctx.p = p
        return hidden

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (kept,) = ctx.saved_tensors
        return torch.ops.aten.threshold_backward(gradients[0], kept, 0).div_(1 - ctx.p), None


def keep_mask(shape: torch.Size, p: float) -> Tensor:
    """0 with probability p (to 1 / 65,536) and else 1, float32, seeded from torch's global CPU generator."""
    count = shape.numel()
    bits = np.random.SFC64(int(torch.randint(2**62, ()))).random_raw(-(-count // 4))
    draws = torch.from_numpy(bits.view(np.int16)[:count]).view(shape)
    # In place, the comparison stays in 16-bit lanes: six times as fast as through booleans.
    return draws.ge_(round(p * LEVELS) - LEVELS // 2).float()
