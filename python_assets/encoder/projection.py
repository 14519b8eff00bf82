"""All K projectors with dropout on a CPU, forward and backward written out.

What autograd would add to the matrix products (masks number by number, scaled copies of units and weights, new memory for
every gradient) costs as much as they do. The figures are in `docs/performance.md`.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Probabilities are cut to a 65,536th: a random 64-bit number serves four units.
LEVELS = 65_536
# Infinity in bfloat16, as the 16-bit number it is stored as.
INFINITY_BITS = 0x7F80


def project_with_dropout(texts: Tensor, weights: list[Tensor], biases: list[Tensor], p: float) -> Tensor:
    """K perceptrons with ReLU and dropout after each hidden layer.

    Dropping before or after a ReLU is the same, so this equals PAL's order (dropout, ReLU).

    Args:
        texts: Inputs, shape (n, 384); they get no gradient.
        weights: One a layer, shape (K, inputs, outputs).
        biases: One a layer, shape (K, 1, outputs).
        p: Probability of a zero, in (0, 1); the other units are scaled by 1 / (1 - p).

    Returns:
        Shape (K, n, d).
    """
    return _Project.apply(texts, p, *weights, *biases)  # type: ignore[no-any-return]


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, texts: Tensor, p: float, *parameters: Tensor) -> Tensor:
        depths = len(parameters) // 2
        inputs = [texts.expand(len(parameters[0]), -1, -1)]
        zero, ctx.scale = texts.new_zeros(()), 1 / (1 - p)
        for depth, (weight, bias) in enumerate(zip(parameters[:depths], parameters[depths:], strict=True)):
            # Dropout's factor goes with the product of the next layer, where it costs nothing.
            units = torch.baddbmm(bias, inputs[-1], weight, alpha=ctx.scale if depth else 1)
            if depth < depths - 1:
                # Between 0 and a cap of 0 or infinity: ReLU and mask in one pass.
                torch.clamp(units, zero, caps(units.shape, p), out=units)
            inputs.append(units)
        ctx.save_for_backward(*inputs[:-1], *parameters[:depths])
        return inputs[-1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        depths = len(ctx.saved_tensors) // 2
        inputs, weights = ctx.saved_tensors[:depths], ctx.saved_tensors[depths:]
        gradient = gradients[0]
        by_weight, by_bias = [], []
        for depth in reversed(range(depths)):
            scale = ctx.scale if depth else 1
            by_weight.append(product(inputs[depth].transpose(1, 2), gradient, scale))
            by_bias.append(gradient.sum(1, keepdim=True))
            if depth:
                gradient = product(gradient, weights[depth].transpose(1, 2), scale)
                # A unit above 0 was neither cut by the ReLU nor dropped.
                torch.ops.aten.threshold_backward.grad_input(gradient, inputs[depth], 0, grad_input=gradient)
        return None, None, *by_weight[::-1], *by_bias[::-1]


def product(left: Tensor, right: Tensor, scale: float) -> Tensor:
    """Batched matrix product times a number, in one pass."""
    out = left.new_empty(len(left), left.shape[1], right.shape[2])
    return torch.baddbmm(out, left, right, beta=0, alpha=scale)


def caps(shape: torch.Size, p: float) -> Tensor:
    """0 with probability p (to 1 / 65,536) and else infinity, float32, seeded from torch's global CPU generator."""
    count = shape.numel()
    draws = random_bits(-(-count // 4)).view(torch.int16)[:count].view(shape)
    # In place, the comparison stays in 16-bit lanes: six times as fast as through booleans.
    return draws.ge_(round(p * LEVELS) - LEVELS // 2).mul_(INFINITY_BITS).view(torch.bfloat16).float()


def random_bits(count: int) -> Tensor:
    """Random 64-bit numbers, shape (count,): two tables combined from two places that torch's generator draws.

    Ten times as fast as drawing each; equal places in both tables, which would repeat a mask, come once in 10^10 calls.
    """
    tables = random_tables(max(1 << 18, 1 << (2 * count).bit_length()))
    places = torch.randint(tables.shape[1] - count, (2,)).tolist()
    first, second = (table[place : place + count] for table, place in zip(tables, places, strict=True))
    return first.bitwise_xor(second)


@functools.cache
def random_tables(length: int) -> Tensor:
    """Two tables of random 64-bit numbers, shape (2, length); always the same."""
    return torch.from_numpy(np.random.SFC64(length).random_raw((2, length)).view(np.int64))
