"""Seeded nucleus sampling."""

from __future__ import annotations

import pytest
import torch

from python_assets.raters.sampling import HEAD, digit_probabilities, generators, sample_tokens


def shares(logits: torch.Tensor, *, temperature: float, top_p: float, draws: int = 4000) -> torch.Tensor:
    tokens = sample_tokens(
        logits.expand(draws, -1), temperature=temperature, top_p=top_p, draws=generators(range(draws))
    )
    return torch.bincount(tokens, minlength=logits.shape[-1]) / draws


def test_shares_follow_the_probabilities_at_a_temperature() -> None:
    logits = torch.tensor([0.3, 2.0, -1.0, 0.9])
    for temperature in (0.5, 1.0):
        wanted = torch.softmax(logits / temperature, dim=0)
        assert shares(logits, temperature=temperature, top_p=1.0).tolist() == pytest.approx(wanted.tolist(), abs=0.04)


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p() -> None:
    logits = torch.tensor([0.1, 0.5, 0.3, 0.06, 0.04]).log()
    kept = shares(logits, temperature=1.0, top_p=0.85)
    assert kept[3:].tolist() == [0.0, 0.0]
    assert kept[:3].tolist() == pytest.approx([0.1 / 0.9, 0.5 / 0.9, 0.3 / 0.9], abs=0.04)
    assert shares(logits, temperature=1.0, top_p=0.5)[1] == 1.0


def test_a_nucleus_wider_than_the_head_is_not_cut() -> None:
    nearly_flat = torch.linspace(0, -0.001, 4 * HEAD)
    kept = shares(nearly_flat, temperature=1.0, top_p=0.9, draws=300)
    # The nucleus is 3.6 heads wide, and drawn from nearly evenly.
    assert kept[HEAD:].sum() == pytest.approx(2.6 / 3.6, abs=0.13)


def test_temperature_zero_takes_the_likeliest() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 3.0, 1.0]])
    assert sample_tokens(logits, temperature=0, top_p=0.9, draws=generators([1, 2])).tolist() == [1, 0]


def test_a_draw_depends_on_its_own_seed_alone() -> None:
    logits = torch.randn(6, 3000, generator=torch.Generator().manual_seed(0))
    together = sample_tokens(logits, temperature=0.9, top_p=0.95, draws=generators(range(6)))
    noise = 1e-6 * torch.randn(6, 3000, generator=torch.Generator().manual_seed(1))
    for row in range(6):
        alone = sample_tokens((logits + noise)[row : row + 1], temperature=0.9, top_p=0.95, draws=generators([row]))
        assert alone.item() == together[row].item()


def test_digit_probabilities_are_renormalised() -> None:
    logits = torch.tensor([[9.0, 1.0, 2.0, 3.0, 4.0, 5.0]])
    expected = torch.softmax(torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0]), dim=0)
    assert digit_probabilities(logits, [5, 4, 3, 2, 1])[0].tolist() == pytest.approx(expected.tolist())
