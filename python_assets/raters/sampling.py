"""Drawing tokens so that one request's draw depends on its own seed, whatever else is in the batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch

# The nucleus of nearly every step lies within the most likely tokens; sorting a whole vocabulary is slow on a CPU.
HEAD = 4096


def generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """One generator a request."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def sample_tokens(
    logits: torch.Tensor, *, temperature: float, top_p: float, draws: Sequence[torch.Generator]
) -> torch.Tensor:
    """One token a row from its nucleus: the likeliest tokens whose mass just reaches ``top_p``.

    Rounding differs a little with the batch a request is in. The draw inverts the cumulative mass in token order,
    so a change of 1e-6 in the logits changes a token about once in a million draws.

    Args:
        logits: Shape (rows, vocabulary).
        temperature: Zero takes the likeliest token.
        top_p: Nucleus mass in (0, 1].
        draws: A generator for each row; one number is drawn from each.

    Returns:
        Token ids, shape (rows,).
    """
    if temperature == 0:
        return logits.argmax(dim=-1)
    probabilities = torch.softmax(logits.float() / temperature, dim=-1)
    mass, tokens = probabilities.topk(min(HEAD, probabilities.shape[-1]), dim=-1)
    if mass.shape[-1] < probabilities.shape[-1] and bool((mass.sum(dim=-1) < top_p).any()):
        mass, tokens = probabilities.sort(dim=-1, descending=True)
    mass = mass.double()
    mass = mass.masked_fill(mass.cumsum(dim=-1) - mass >= top_p, 0.0)
    tokens, order = tokens.sort(dim=-1)
    cumulative = mass.gather(-1, order).cumsum(dim=-1)
    uniform = torch.stack([torch.rand(1, generator=draw, dtype=torch.float64) for draw in draws]).to(cumulative.device)
    index = torch.searchsorted(cumulative, uniform * cumulative[:, -1:], right=True)
    return tokens.gather(-1, index.clamp(max=tokens.shape[-1] - 1)).squeeze(-1)


def digit_probabilities(logits: torch.Tensor, digit_ids: Sequence[int]) -> torch.Tensor:
    """Probabilities of the answers 1 to 5 among themselves, shape (rows, 5)."""
    return torch.softmax(logits[:, list(digit_ids)].float(), dim=-1)
