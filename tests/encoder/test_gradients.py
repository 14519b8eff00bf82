"""Written-out gradients of scores equal numerical ones in float64."""

from __future__ import annotations

import torch

from python_assets.encoder.gradients import Cosines, Forms


def _mixtures(rows: int, width: int) -> torch.Tensor:
    return torch.softmax(torch.randn(rows, width, dtype=torch.float64), dim=1).requires_grad_()


def test_gradients_of_the_matrices_reach_context_and_items() -> None:
    torch.manual_seed(1)
    projections = torch.randn(3, 6, 5, dtype=torch.float64).transpose(0, 1).requires_grad_()
    assert torch.autograd.gradcheck(Forms.apply, (projections,))


def test_gradients_of_cosines_reach_mixtures_and_every_matrix() -> None:
    torch.manual_seed(2)
    cross = torch.randn(7, 3, 3, dtype=torch.float64, requires_grad=True)
    gram, context = (torch.randn(*shape, 5, dtype=torch.float64) for shape in ((7, 3), (3,)))
    gram, context = ((part @ part.transpose(-1, -2)).requires_grad_() for part in (gram, context))
    assert torch.autograd.gradcheck(Cosines.apply, (_mixtures(7, 3), cross, gram, context))


def test_matrices_that_are_fixed_get_no_gradient() -> None:
    torch.manual_seed(3)
    mixtures, fixed = _mixtures(2, 3), torch.eye(3, dtype=torch.float64).expand(2, 3, 3)
    Cosines.apply(mixtures, fixed, fixed, fixed[0]).sum().backward()
    assert mixtures.grad is not None
    assert torch.isfinite(mixtures.grad).all()


def test_an_item_projected_to_nothing_scores_zero() -> None:
    nothing = torch.zeros(1, 2, 2)
    mixtures = torch.tensor([[0.5, 0.5]], requires_grad=True)
    cosine = Cosines.apply(mixtures, nothing, nothing, torch.eye(2))
    cosine.backward()
    assert cosine.item() == 0
    assert mixtures.grad is not None
    assert torch.isfinite(mixtures.grad).all()
