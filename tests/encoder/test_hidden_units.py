"""ReLU with dropout in one step: values, gradients and rates."""

from __future__ import annotations

import math

import pytest
import torch

from python_assets.encoder.hidden_units import caps, relu_drop
from python_assets.encoder.model import Projectors
from python_assets.study import Encoder


def test_without_dropout_it_is_relu() -> None:
    hidden = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(relu_drop(hidden.clone(), 0.0), hidden.relu())


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_values_and_gradients_equal_torch_operations_with_the_same_mask(p: float) -> None:
    start = torch.randn(4, 33, 17, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(2)
    mask = (caps(start.shape, p) > 0).float()
    ours, plain = start.clone().requires_grad_(), start.clone().requires_grad_()
    torch.manual_seed(2)
    result = relu_drop(ours * 1.0, p)
    expected = plain.relu() * mask
    torch.testing.assert_close(result, expected)
    weights = torch.randn(start.shape, generator=torch.Generator().manual_seed(3))
    (result * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(ours.grad, plain.grad)


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


def test_in_training_the_projectors_equal_plain_layers_with_the_same_masks() -> None:
    """Dropout's 1 / (1 - p) sits in the next layer's weights: values and gradients must not show it."""
    settings = Encoder(prototypes=3, dimension=8, hidden_width=16, dropout=0.3)
    torch.manual_seed(6)
    ours = Projectors(settings)
    texts = torch.randn(11, 384)
    torch.manual_seed(7)
    ours(texts).square().sum().backward()
    gradients = [parameter.grad for parameter in ours.parameters()]
    ours.zero_grad()
    torch.manual_seed(7)
    hidden = texts.expand(3, -1, -1)
    for weight, bias in list(zip(ours.weights, ours.biases, strict=True))[:-1]:
        hidden = (hidden @ weight + bias).relu()
        hidden = hidden * (caps(hidden.shape, 0.3) > 0) / 0.7
    (hidden @ ours.weights[-1] + ours.biases[-1]).square().sum().backward()
    for gradient, parameter in zip(gradients, ours.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-4, atol=1e-4)
