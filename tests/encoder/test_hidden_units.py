"""ReLU with dropout in one step: values, gradients and rates."""

from __future__ import annotations

import pytest
import torch

from python_assets.encoder.hidden_units import keep_mask, relu_dropout


def test_without_dropout_it_is_relu() -> None:
    hidden = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(relu_dropout(hidden.clone(), 0.0), hidden.relu())


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_values_and_gradients_equal_torch_operations_with_the_same_mask(p: float) -> None:
    start = torch.randn(4, 33, 17, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(2)
    mask = keep_mask(start.shape, p)
    ours, plain = start.clone().requires_grad_(), start.clone().requires_grad_()
    torch.manual_seed(2)
    result = relu_dropout(ours * 1.0, p)
    expected = plain.relu() * mask / (1 - p)
    torch.testing.assert_close(result, expected)
    weights = torch.randn(start.shape, generator=torch.Generator().manual_seed(3))
    (result * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(ours.grad, plain.grad)


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5])
def test_a_share_p_is_dropped_everywhere(p: float) -> None:
    torch.manual_seed(4)
    mask = keep_mask(torch.Size((4, 500, 256)), p)
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    tolerance = 5 * (p * (1 - p) / mask.numel()) ** 0.5 + 1 / 65_536
    assert abs(float(1 - mask.mean()) - p) < tolerance
    # Four masks come out of each random number: none of the four lanes may be special.
    assert all(abs(float(1 - mask.flatten()[lane::4].mean()) - p) < 2 * tolerance for lane in range(4))


def test_masks_follow_the_seed_and_differ_from_call_to_call() -> None:
    torch.manual_seed(5)
    first, second = keep_mask(torch.Size((1000,)), 0.5), keep_mask(torch.Size((1000,)), 0.5)
    torch.manual_seed(5)
    assert torch.equal(keep_mask(torch.Size((1000,)), 0.5), first)
    assert 0.4 < float((first != second).float().mean()) < 0.6
