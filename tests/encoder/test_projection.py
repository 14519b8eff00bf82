"""Projectors with dropout, written out: values, gradients, and how much is dropped."""

from __future__ import annotations

import math

import pytest
import torch

from python_assets.encoder.model import Projectors
from python_assets.encoder.projection import caps
from python_assets.study import Encoder


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5])
def test_a_share_p_is_dropped_everywhere(p: float) -> None:
    torch.manual_seed(4)
    drawn = caps(torch.Size((4, 500, 256)), p)
    assert set(drawn.unique().tolist()) == {0.0, math.inf}
    mask = (drawn > 0).float()
    tolerance = 5 * (p * (1 - p) / mask.numel()) ** 0.5 + 1 / 65_536
    assert abs(float(1 - mask.mean()) - p) < tolerance
    # Four masks come out of each random number: none of the four lanes may be special.
    assert all(abs(float(1 - mask.flatten()[lane::4].mean()) - p) < 2 * tolerance for lane in range(4))


def test_masks_follow_the_seed_and_differ_from_call_to_call() -> None:
    torch.manual_seed(5)
    first, second = caps(torch.Size((1000,)), 0.5), caps(torch.Size((1000,)), 0.5)
    torch.manual_seed(5)
    assert torch.equal(caps(torch.Size((1000,)), 0.5), first)
    assert 0.4 < float((first != second).float().mean()) < 0.6


@pytest.mark.parametrize("p", [0.1, 0.5])
@pytest.mark.parametrize("layers", [0, 1, 3])
def test_values_and_gradients_equal_plain_layers_with_the_same_masks(layers: int, p: float) -> None:
    settings = Encoder(prototypes=3, dimension=8, hidden_width=16, hidden_layers=layers, dropout=p)
    torch.manual_seed(6)
    ours = Projectors(settings)
    texts = torch.randn(11, 384)
    torch.manual_seed(7)
    projected = ours(texts)
    projected.square().sum().backward()
    gradients = [parameter.grad for parameter in ours.parameters()]
    ours.zero_grad()
    torch.manual_seed(7)
    hidden = texts.expand(3, -1, -1)
    for weight, bias in list(zip(ours.weights, ours.biases, strict=True))[:-1]:
        hidden = (hidden @ weight + bias).relu()
        hidden = hidden * (caps(hidden.shape, p) > 0) / (1 - p)
    plain = hidden @ ours.weights[-1] + ours.biases[-1]
    torch.testing.assert_close(projected.transpose(0, 1), plain, rtol=1e-5, atol=1e-5)
    plain.square().sum().backward()
    for gradient, parameter in zip(gradients, ours.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-4, atol=1e-4)


def test_without_training_nothing_is_dropped() -> None:
    ours = Projectors(Encoder(prototypes=2, dimension=4, hidden_width=8, dropout=0.5)).eval()
    texts = torch.randn(5, 384)
    assert torch.equal(ours(texts), ours(texts))
