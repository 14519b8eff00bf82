"""Shared prefixes, padding and stopping, on tiny models with random weights of three attention kinds."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, MistralConfig

from python_assets.raters.decoding import Continuation, continue_text, prefill, read_prefix
from python_assets.raters.sampling import generators

SIZE: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
}
CONFIGS = {
    "full": LlamaConfig(**SIZE),
    "sliding": MistralConfig(**SIZE, sliding_window=9),
    "mixed": Gemma3TextConfig(
        **SIZE,
        sliding_window=9,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
}
PREFIX = [5, 17, 3, 88, 42, 7, 7, 19, 64, 2, 31, 50, 23]
SUFFIXES = [[11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21], [33], [44, 55, 66, 77], [11, 12, 13]]


@pytest.fixture(scope="module", params=sorted(CONFIGS))
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(0)
    config = CONFIGS[request.param]
    # At the default scale random weights give nearly equal logits.
    config.initializer_range = 0.2
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


def whole(model: Any, tokens: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        return model(torch.tensor([tokens])).logits[0, -1]


def test_a_shared_prefix_changes_nothing_and_can_be_used_again(model: Any) -> None:
    prefix = read_prefix(model, PREFIX)
    wanted = torch.stack([whole(model, PREFIX + suffix) for suffix in SUFFIXES])
    # Logits differ between prompts by far more than the tolerance.
    assert (wanted[0] - wanted[1]).abs().max() > 0.1
    for batch in (slice(None), slice(1, 3), slice(0, 1)):
        got = prefill(model, SUFFIXES[batch], prefix=prefix).logits
        assert torch.allclose(got, wanted[batch], atol=1e-4)


def test_padding_on_the_left_changes_nothing(model: Any) -> None:
    prompts = [PREFIX + suffix for suffix in SUFFIXES]
    got = prefill(model, prompts, prefix=read_prefix(model, []), pad_left=True).logits
    assert torch.allclose(got, torch.stack([whole(model, prompt) for prompt in prompts]), atol=1e-4)


def text(
    model: Any, prompts: list[list[int]], *, stop: frozenset[int], prefix: list[int], seeds: list[int]
) -> list[Continuation]:
    start = prefill(model, prompts, prefix=read_prefix(model, prefix), pad_left=not prefix)
    return continue_text(
        model, start, draws=generators(seeds), temperature=1.0, top_p=0.95, max_tokens=12, stop_ids=stop
    )


def test_sampled_texts_are_those_of_each_prompt_alone(model: Any) -> None:
    prompts, seeds = [PREFIX + suffix for suffix in SUFFIXES], [1, 2, 3, 4]
    stop = frozenset(range(0, 97, 9))
    together = text(model, prompts, stop=stop, prefix=[], seeds=seeds)
    for row, prompt in enumerate(prompts):
        assert together[row] == text(model, [prompt], stop=stop, prefix=[], seeds=[seeds[row]])[0]
    # Some stop early and leave the batch, so that the others' caches are cut out of it.
    assert len({len(tokens) for tokens, _ in together}) > 1
    assert all(not stop & set(tokens) for tokens, _ in together)


def test_each_sampled_token_comes_from_the_logits_of_the_text_so_far(model: Any) -> None:
    (tokens, stopped), *_ = continue_text(
        model,
        prefill(model, [PREFIX, SUFFIXES[0]], prefix=read_prefix(model, []), pad_left=True),
        draws=generators([1, 2]),
        temperature=0,
        top_p=1.0,
        max_tokens=12,
        stop_ids=frozenset(),
    )
    greedy = list(PREFIX)
    for _ in range(12):
        greedy.append(int(whole(model, greedy).argmax()))
    assert (tokens, stopped) == (greedy[len(PREFIX) :], False)


def test_free_text_after_a_shared_prefix_with_full_attention() -> None:
    torch.manual_seed(0)
    config = LlamaConfig(**SIZE, initializer_range=0.2)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    shared = text(model, SUFFIXES, stop=frozenset({9}), prefix=PREFIX, seeds=[1, 2, 3, 4])
    alone = text(model, [PREFIX + suffix for suffix in SUFFIXES], stop=frozenset({9}), prefix=[], seeds=[1, 2, 3, 4])
    assert shared == alone
