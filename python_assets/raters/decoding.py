"""Running a causal language model over a batch of prompts that may share a beginning."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from transformers import DynamicCache

from python_assets.raters.sampling import sample_tokens


class SharedPrefix(NamedTuple):
    """The computed beginning of several prompts."""

    length: int
    cache: DynamicCache


class Prefilled(NamedTuple):
    """A batch of prompts, read up to where the answers begin."""

    logits: torch.Tensor
    """Next-token logits, shape (rows, vocabulary)."""
    cache: DynamicCache
    mask: torch.Tensor
    """Which cached positions are text and not padding, shape (rows, positions)."""


class Continuation(NamedTuple):
    """Sampled tokens without the stop token, and whether there was one."""

    tokens: list[int]
    stopped: bool


def common_prefix_length(prompts: Sequence[list[int]]) -> int:
    """How many leading tokens all prompts share, leaving each at least one of its own."""
    shortest, longest = min(prompts), max(prompts)
    limit = min(len(prompt) for prompt in prompts) - 1
    differ = (i for i, (a, b) in enumerate(zip(shortest, longest, strict=False)) if a != b)
    return max(min(next(differ, limit), limit), 0)


@torch.inference_mode()
def read_prefix(model: Any, tokens: Sequence[int]) -> SharedPrefix:
    """Compute the key-value cache of a shared beginning once."""
    cache = DynamicCache(config=model.config)
    if tokens:
        model(torch.tensor([list(tokens)], device=model.device), past_key_values=cache, logits_to_keep=1)
    return SharedPrefix(len(tokens), cache)


@torch.inference_mode()
def prefill(
    model: Any, suffixes: Sequence[Sequence[int]], *, prefix: SharedPrefix, pad_left: bool = False
) -> Prefilled:
    """Read what is each prompt's own, after a beginning that all share.

    Args:
        model: A causal language model of transformers.
        suffixes: Tokens after the prefix, at least one each.
        prefix: The shared beginning; length zero for none. It is left as it is.
        pad_left: Pad before the text and not after it; only without a prefix.

    Returns:
        Logits, the batch's own cache and its mask.
    """
    rows, width = len(suffixes), max(map(len, suffixes))
    tokens = torch.zeros(rows, width, dtype=torch.long)
    text = torch.zeros(rows, width, dtype=torch.long)
    for row, suffix in enumerate(suffixes):
        span = slice(width - len(suffix), width) if pad_left else slice(0, len(suffix))
        tokens[row, span], text[row, span] = torch.tensor(list(suffix)), 1
    last = torch.full((rows,), width - 1) if pad_left else text.sum(dim=1) - 1
    kept, position = last.unique(return_inverse=True)
    mask = torch.cat([torch.ones(rows, prefix.length, dtype=torch.long), text], dim=1)
    places = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, prefix.length :]
    cache = copy.deepcopy(prefix.cache)
    if prefix.length:
        cache.batch_repeat_interleave(rows)
    device = model.device
    # Logits of the answer positions only: those of a whole batch would be hundreds of megabytes.
    logits = model(
        tokens.to(device),
        attention_mask=mask.to(device),
        position_ids=places.to(device),
        past_key_values=cache,
        logits_to_keep=kept.to(device),
    ).logits
    return Prefilled(logits[torch.arange(rows), position.to(device)], cache, mask.to(device))


@torch.inference_mode()
def continue_text(
    model: Any,
    start: Prefilled,
    *,
    draws: Sequence[torch.Generator],
    temperature: float,
    top_p: float,
    max_tokens: int,
    stop_ids: frozenset[int],
) -> list[Continuation]:
    """Sample each row on to a stop token or the cap; rows that are done leave the batch.

    Args:
        model: The model that made ``start``.
        start: The read prompts; its cache is used up.
        draws: A generator for each row.
        temperature: Sampling temperature.
        top_p: Nucleus mass.
        max_tokens: The cap.
        stop_ids: Tokens that end a text.
    """
    logits, cache, mask = start
    written: list[list[int]] = [[] for _ in draws]
    stopped = [False] * len(draws)
    going = list(range(len(draws)))
    for step in range(max_tokens):
        drawn = sample_tokens(logits, temperature=temperature, top_p=top_p, draws=[draws[row] for row in going])
        stays = []
        for place, (row, token) in enumerate(zip(going, drawn.tolist(), strict=True)):
            stopped[row] = token in stop_ids
            if not stopped[row]:
                written[row].append(token)
                stays.append(place)
        if not stays or step == max_tokens - 1:
            break
        if len(stays) < len(going):
            going, mask, drawn = [going[place] for place in stays], mask[stays], drawn[stays]
            cache.batch_select_indices(torch.tensor(stays, device=mask.device))
        place_ids = mask.sum(dim=1, keepdim=True)
        mask = torch.cat([mask, torch.ones_like(place_ids)], dim=1)
        logits = model(
            drawn[:, None], attention_mask=mask, position_ids=place_ids, past_key_values=cache, logits_to_keep=1
        ).logits[:, -1]
    return [Continuation(tokens, done) for tokens, done in zip(written, stopped, strict=True)]
