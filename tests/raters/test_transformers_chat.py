"""The embedded runtime with the real small model: the shared prefix changes nothing, and seeds decide."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from python_assets.raters.chat import Answer, ChatModelError, ChatRequest, identity_of, open_chat_model, request_hash
from python_assets.raters.decoding import common_prefix_length, prefill, read_prefix
from python_assets.raters.templates import digit_tokens, prompt_tokens
from python_assets.raters.transformers_chat import TransformersChat
from python_assets.study import Rater, Writer

LIKERT = Rater(backend="transformers", model="smollm2-135m-instruct")
EXPECTED = LIKERT.model_copy(update={"elicitation": "expected"})
FREE = LIKERT.model_copy(update={"constrain": False, "temperature": 1.0})
WRITER = Writer(max_tokens=16)


def test_common_prefix_leaves_each_prompt_a_token() -> None:
    assert common_prefix_length([[1, 2, 3, 4], [1, 2, 5], [1, 2, 3]]) == 2
    assert common_prefix_length([[1, 2, 3], [1, 2, 3]]) == 2
    assert common_prefix_length([[1, 2, 3], [1, 2]]) == 1
    assert common_prefix_length([[1], [2, 3]]) == 0
    assert common_prefix_length([[7, 8]]) == 1


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(ChatModelError, match="batchsize is unknown"):
        open_chat_model(LIKERT.model_copy(update={"options": {"batchsize": 4}}))


def test_a_missing_folder_is_one_sentence() -> None:
    with pytest.raises(ChatModelError, match="no model folder"):
        open_chat_model(LIKERT.model_copy(update={"model": "./nowhere"}))


def rate(chat: TransformersChat, requests: list[ChatRequest], rater: Rater) -> dict[str, Answer]:
    return {answer.request_hash: answer for part in chat.rate(requests, rater) for answer in part}


def key(chat: TransformersChat, request: ChatRequest, settings: Rater | Writer) -> str:
    return request_hash(request, identity=chat.identity, settings=settings)


@pytest.mark.llm
def test_the_identity_is_known_without_loading_the_model(
    chat: TransformersChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", lambda *_, **__: pytest.fail("loaded"))
    assert identity_of(LIKERT) == chat.identity
    assert chat.identity["dtype"] == str(chat.model.dtype).removeprefix("torch.")
    assert chat.identity["device"] == chat.model.device.type


@pytest.mark.parametrize("options", [{"dtype": "float31"}, {"dtype": "nn"}, {"device": "abacus"}])
def test_a_place_that_is_none_is_one_sentence(options: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ChatModelError, match="cannot be loaded"):
        open_chat_model(LIKERT.model_copy(update={"model": str(tmp_path), "options": options}))


@pytest.mark.llm
def test_shared_prefix_gives_the_logits_of_the_whole_prompt(
    chat: TransformersChat, rate_requests: list[ChatRequest]
) -> None:
    prompts = [
        prompt_tokens(chat.tokenizer, request)
        for request in rate_requests
        if request.system == rate_requests[-1].system
    ]
    shared = common_prefix_length(prompts)
    assert shared > 60
    prefix = read_prefix(chat.model, prompts[0][:shared])
    cached = prefill(chat.model, [prompt[shared:] for prompt in prompts], prefix=prefix).logits
    assert prefix.cache.get_seq_length() == shared
    with torch.inference_mode():
        for row, prompt in zip(cached, prompts, strict=True):
            whole = chat.model(torch.tensor([prompt])).logits[0, -1]
            # float32 logits of size about 20.
            assert torch.allclose(row, whole, atol=2e-4)
    left = prefill(chat.model, prompts, prefix=read_prefix(chat.model, []), pad_left=True).logits
    assert torch.allclose(left, cached, atol=2e-4)


@pytest.mark.llm
def test_expected_ratings_are_the_digit_probabilities(chat: TransformersChat, rate_requests: list[ChatRequest]) -> None:
    answers = rate(chat, rate_requests, EXPECTED)
    digits = digit_tokens(chat.tokenizer)
    for request in rate_requests[::4]:
        with torch.inference_mode():
            logits = chat.model(torch.tensor([prompt_tokens(chat.tokenizer, request)])).logits[0, -1]
        wanted = torch.softmax(logits[digits], dim=0).tolist()
        answer = answers[key(chat, request, EXPECTED)]
        assert answer.probabilities == pytest.approx(wanted, abs=1e-4)
        assert answer.text == str(1 + wanted.index(max(wanted)))
    means = {round(sum(i * p for i, p in enumerate(a.probabilities or (), 1)), 3) for a in answers.values()}
    assert len(means) > 5


@pytest.mark.llm
@pytest.mark.parametrize("rater", [LIKERT.model_copy(update={"temperature": 1.0}), FREE], ids=["digit", "free"])
def test_the_same_request_gets_the_same_answer_in_any_company(
    chat: TransformersChat, rate_requests: list[ChatRequest], rater: Rater
) -> None:
    together = rate(chat, rate_requests, rater)
    turned = rate(chat, rate_requests[::-1][:7], rater)
    assert {answer.text for answer in together.values()} != {next(iter(together.values())).text}
    for name, answer in turned.items():
        assert answer.text == together[name].text
        assert answer.status == together[name].status
    reseeded = [request._replace(seed=request.seed + 7000) for request in rate_requests]
    assert [a.text for a in rate(chat, reseeded, rater).values()] != [a.text for a in together.values()]


@pytest.mark.llm
def test_personas_are_the_same_alone_and_in_a_batch(chat: TransformersChat, write_requests: list[ChatRequest]) -> None:
    together = {a.request_hash: a for part in chat.write(write_requests, WRITER) for a in part}
    ((alone,),) = list(chat.write(write_requests[:1], WRITER))
    assert alone == together[alone.request_hash]
    assert {a.status for a in together.values()} == {"truncated"}
    assert all(len(a.text or "") > 20 for a in together.values())


@pytest.mark.llm
def test_a_finished_text_stops_and_leaves_the_others_going(chat: TransformersChat) -> None:
    say = [ChatRequest("write", "You answer with one word.", f"Say {word}.", 1) for word in ("yes", "a long poem")]
    answers = [a for part in chat.write(say, Writer(max_tokens=12, temperature=0)) for a in part]
    by_key = {a.request_hash: a for a in answers}
    settings = Writer(max_tokens=12, temperature=0)
    for request in say:
        alone = next(iter(chat.write([request], settings)))[0]
        assert by_key[key(chat, request, settings)] == alone
    assert "ok" in {a.status for a in answers}


@pytest.mark.llm
def test_a_prompt_that_does_not_fit_is_set_aside(chat: TransformersChat, rate_requests: list[ChatRequest]) -> None:
    huge = rate_requests[0]._replace(user="word " * 9000)
    answers = rate(chat, [rate_requests[0], huge, rate_requests[1]], LIKERT)
    assert answers[key(chat, huge, LIKERT)].status == "too_long"
    assert [answers[key(chat, request, LIKERT)].status for request in rate_requests[:2]] == ["ok", "ok"]
