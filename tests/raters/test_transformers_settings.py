"""The study's sampling settings and the requests' seeds reach the sampler; no model is needed to see that."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from python_assets.raters import transformers_chat as module
from python_assets.raters.chat import ChatRequest
from python_assets.raters.transformers_chat import TransformersChat
from python_assets.study import Rater, Writer

REQUESTS = [ChatRequest("rate", "persona", f"item {seed}", seed) for seed in (3, 4)]
RATER = Rater(backend="transformers", model="m", temperature=0.7, top_p=0.6, max_tokens=5)
FREE = RATER.model_copy(update={"constrain": False})
EXPECTED = RATER.model_copy(update={"elicitation": "expected"})
WRITER = Writer(temperature=0.9, top_p=0.8, max_tokens=9)
DIGITS_OF = torch.tensor([[0.1, 0.1, 0.6, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1, 0.6]])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the sampler was called with; it takes the likeliest token."""
    calls: list[dict[str, Any]] = []

    def note(settings: dict[str, Any]) -> None:
        calls.append(settings | {"draws": [int(draw.initial_seed()) for draw in settings["draws"]]})

    def sample_tokens(logits: torch.Tensor, **settings: Any) -> torch.Tensor:
        note(settings)
        return logits.argmax(dim=-1)

    def continue_text(model: object, start: object, **settings: Any) -> list[tuple[list[int], bool]]:
        note(settings)
        return [([1], False), ([2], True)]

    for name, stand_in in {
        "prompt_tokens": lambda tokenizer, request: [1, 2, request.seed],
        "read_prefix": lambda model, tokens: SimpleNamespace(length=len(tokens)),
        "prefill": lambda *_, **__: SimpleNamespace(logits=None),
        "digit_tokens": lambda tokenizer: [],
        "digit_probabilities": lambda logits, ids: DIGITS_OF,
        "sample_tokens": sample_tokens,
        "continue_text": continue_text,
    }.items():
        monkeypatch.setattr(module, name, stand_in)
    return calls


def a_chat(context: int = 100) -> TransformersChat:
    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(max_position_embeddings=context))
    model = SimpleNamespace(generation_config=SimpleNamespace(eos_token_id=[7, 8]), config=config)
    tokenizer = SimpleNamespace(eos_token_id=9, decode=lambda tokens, **_: f" text {tokens[0]} ")
    return TransformersChat(model, tokenizer, name="m", identity={})


@pytest.mark.parametrize(("rater", "temperature"), [(RATER, 0.7), (EXPECTED, 0)], ids=["likert", "expected"])
def test_a_digit_is_drawn_with_the_raters_settings(
    asked: list[dict[str, Any]], rater: Rater, temperature: float
) -> None:
    ((one, other),) = a_chat().rate(REQUESTS, rater)
    assert asked == [{"temperature": temperature, "top_p": 0.6, "draws": [3, 4]}]
    assert (one.text, other.text) == ("3", "5")
    assert one.probabilities == pytest.approx(DIGITS_OF[0].tolist())


@pytest.mark.parametrize("settings", [FREE, WRITER], ids=["rating", "persona"])
def test_a_text_is_sampled_with_its_own_settings(asked: list[dict[str, Any]], settings: Rater | Writer) -> None:
    chat = a_chat()
    (answers,) = chat.rate(REQUESTS, settings) if isinstance(settings, Rater) else chat.write(REQUESTS, settings)
    own = {"temperature": settings.temperature, "top_p": settings.top_p, "max_tokens": settings.max_tokens}
    assert asked == [{**own, "draws": [3, 4], "stop_ids": frozenset({7, 8, 9})}]
    cut = "ok" if isinstance(settings, Rater) else "truncated"
    assert [(answer.text, answer.status) for answer in answers] == [("text 1", cut), ("text 2", "ok")]


@pytest.mark.parametrize(("context", "fits"), [(4, True), (3, False)])
def test_a_prompt_may_fill_the_context_but_for_the_answer(asked: list[object], context: int, fits: bool) -> None:
    answers = [answer for part in a_chat(context).rate(REQUESTS, RATER) for answer in part]
    assert {answer.status for answer in answers} == {"ok" if fits else "too_long"}
