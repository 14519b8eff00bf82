"""The server client against a small loopback server that misbehaves on demand."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from python_assets.raters.chat import Answer, ChatModelError, open_chat_model, request_hash
from python_assets.raters.parse import parse_likert
from python_assets.study import Writer
from tests.ports import free_port
from tests.raters.loopback import REQUESTS, Reply, ask, completion, rater, server


def test_requests_carry_prompts_seed_decoding_and_constraint() -> None:
    seen: list[dict[str, Any]] = []

    def reply(body: dict[str, Any]) -> Reply:
        seen.append(body)
        return 200, completion("4")

    with server(reply) as url:
        settings = rater(url, options={"chat_template_kwargs": {"x": 1}})
        answers = ask(settings, REQUESTS[:1])
        model = open_chat_model(settings)
        assert answers[0] == Answer(
            request_hash(REQUESTS[0], identity=model.identity, settings=settings), "4", None, "ok", 25
        )
        ask(rater(url, constrain=False), REQUESTS[:1])
    body, free = seen
    assert [message["content"] for message in body["messages"]] == ["You are Ann.", "Rate item 0."]
    assert (body["temperature"], body["top_p"], body["max_tokens"], body["seed"]) == (0.1, 0.95, 8, 0)
    assert body["structured_outputs"] == {"choice": ["1", "2", "3", "4", "5"]}
    assert body["chat_template_kwargs"] == {"x": 1}
    assert "max_retries" not in body
    assert "structured_outputs" not in free


def test_a_server_that_ignores_the_constraint_is_found_out() -> None:
    with server(lambda _: (200, completion("I would buy it"))) as url:
        (answer,) = ask(rater(url), REQUESTS[:1])
    assert parse_likert(answer.text) == (None, "unparsed")


def test_a_passing_failure_is_tried_again() -> None:
    calls: list[int] = []

    def reply(_: dict[str, Any]) -> Reply:
        calls.append(1)
        return (503, {"error": "busy"}) if len(calls) == 1 else (200, completion("2"))

    with server(reply) as url:
        assert [answer.text for answer in ask(rater(url), REQUESTS[:1])] == ["2"]
    assert len(calls) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"<html>Welcome to the captive portal</html>",
        b"{not json",
        b"[]",
        b"null",
        {"hello": "world"},
        {**completion("3"), "choices": []},
        {**completion("3"), "choices": [{"index": 0, "finish_reason": "stop"}]},
        {**completion("3"), "choices": {"first": 1}},
        completion({"nested": 3}),  # type: ignore[arg-type]
    ],
    ids=["html", "broken", "list", "null", "other", "no choice", "no message", "no list", "no text"],
)
def test_garbage_is_one_sentence_of_ours(content: Any) -> None:
    expected = pytest.raises(ChatModelError, match="does not answer like an OpenAI-compatible server")
    with server(lambda _: (200, content)) as url, expected as raised:
        ask(rater(url), REQUESTS[:1])
    assert any(
        f"({found})" in str(raised.value)
        for found in ("not JSON", "no `choices` with a message", "a message that is not text")
    )


@pytest.mark.parametrize("count", [0, 2**31 - 1])
def test_a_prompt_length_is_the_servers(count: int) -> None:
    with server(lambda _: (200, {**completion("3"), "usage": {"prompt_tokens": count}})) as url:
        assert [answer.n_prompt_tokens for answer in ask(rater(url), REQUESTS[:1])] == [count]


@pytest.mark.parametrize("count", ["many", 2.5, True, -1, 2**31, None])
def test_a_prompt_length_that_is_no_number_to_store_is_none(count: Any) -> None:
    with server(lambda _: (200, {**completion("3"), "usage": {"prompt_tokens": count}})) as url:
        assert [answer.n_prompt_tokens for answer in ask(rater(url), REQUESTS[:1])] == [None]


def test_no_text_is_empty() -> None:
    with server(lambda _: (200, completion(None))) as url:
        assert [answer.status for answer in ask(rater(url), REQUESTS[:1])] == ["empty"]


def test_a_dead_server_is_one_sentence_soon() -> None:
    port = free_port()
    started = time.monotonic()
    with pytest.raises(ChatModelError, match=f"No answer from http://127.0.0.1:{port}/v1/ .*start it"):
        ask(rater(f"http://127.0.0.1:{port}/v1"))
    assert time.monotonic() - started < 20


def test_a_prompt_over_the_context_is_set_aside_and_the_rest_answered() -> None:
    def reply(body: dict[str, Any]) -> Reply:
        if "item 2" in body["messages"][1]["content"]:
            return 400, {"error": {"message": "This model's maximum context length is 2048 tokens.", "code": 400}}
        return 200, completion("3")

    with server(reply) as url:
        model = open_chat_model(rater(url))
        status = {answer.request_hash: answer.status for answer in ask(rater(url))}
        keys = [request_hash(request, identity=model.identity, settings=rater(url)) for request in REQUESTS]
    assert [status[key] for key in keys] == ["ok", "ok", "too_long", "ok", "ok", "ok"]


def test_answers_before_a_failure_are_handed_over() -> None:
    def reply(body: dict[str, Any]) -> Reply:
        return (500, {}) if "item 4" in body["messages"][1]["content"] else (200, completion("3"))

    got: list[Answer] = []
    with server(reply) as url:
        settings = rater(url, options={"concurrency": 2, "max_retries": 0})
        model = open_chat_model(settings)
        with pytest.raises(ChatModelError, match="refused"):
            got.extend(answer for part in model.rate(REQUESTS, settings) for answer in part)
    # The last may have been under way already.
    assert len(got) in {4, 5}


def test_answers_that_arrive_after_a_failure_are_handed_over_before_its_error() -> None:
    arrived = threading.Barrier(5)

    def reply(body: dict[str, Any]) -> Reply:
        arrived.wait(timeout=10)
        if "item 0" in body["messages"][1]["content"]:
            return 500, {}
        time.sleep(0.3)
        return 200, completion("3")

    got: list[Answer] = []
    with server(reply) as url:
        settings = rater(url, options={"concurrency": 5, "max_retries": 0})
        with pytest.raises(ChatModelError, match="refused"):
            got.extend(a for part in open_chat_model(settings).rate(REQUESTS[:5], settings) for a in part)
    assert [answer.text for answer in got] == ["3"] * 4


class Stopped(BaseException):
    """As Dagster's DagsterExecutionInterruptedError: neither an Exception nor a KeyboardInterrupt."""


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Stopped])
def test_an_interrupt_hands_over_what_is_under_way(monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]) -> None:
    arrived = threading.Barrier(4)

    def reply(body: dict[str, Any]) -> Reply:
        arrived.wait(timeout=10)
        time.sleep(0.3)
        return 200, completion("3")

    def interrupted(_: object) -> Iterator[Any]:
        arrived.wait(timeout=10)
        raise stop

    monkeypatch.setattr("python_assets.raters.openai_chat.as_completed", interrupted)
    got: list[Answer] = []
    with server(reply) as url:
        settings = rater(url)
        with pytest.raises(stop):
            got.extend(a for part in open_chat_model(settings).rate(REQUESTS[:3], settings) for a in part)
    assert len(got) == 3


STOPPED = """
import itertools, sys
from python_assets.raters import openai_chat
from tests.raters.loopback import REQUESTS, rater

def interrupted(futures):
    yield next(itertools.chain(real(futures)))
    raise KeyboardInterrupt

openai_chat.STOP_SECONDS = 1.0
real, openai_chat.as_completed = openai_chat.as_completed, interrupted
settings = rater(sys.argv[1], options={"concurrency": 2})
try:
    for part in openai_chat.OpenAIChat.open(settings).rate(REQUESTS, settings):
        print(len(part), flush=True)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


def test_an_interrupt_waits_for_no_slow_answer_and_the_process_ends() -> None:
    asked: list[str] = []
    released = threading.Event()

    def reply(body: dict[str, Any]) -> Reply:
        asked.append(body["messages"][1]["content"])
        if len(asked) > 1:
            released.wait(timeout=60)
        return 200, completion("3")

    started = time.monotonic()
    with server(reply) as url:
        done = subprocess.run(
            [sys.executable, "-c", STOPPED, url], capture_output=True, text=True, timeout=55, check=True
        )
        released.set()
    assert done.stdout.split() == ["1", "0", "stopped"], done.stderr
    assert time.monotonic() - started < 50
    # Of six, the first, those that were under way at once, and none that had not begun.
    assert len(asked) == 3


def test_no_more_requests_at_once_than_allowed() -> None:
    now, most, lock = [0], [0], threading.Lock()

    def reply(_: dict[str, Any]) -> Reply:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        return 200, completion("1")

    with server(reply) as url:
        ask(rater(url, options={"concurrency": 3}), REQUESTS * 2)
    assert most[0] == 3


def test_a_persona_cut_at_the_cap_is_truncated() -> None:
    with server(lambda _: (200, completion(" Ann likes soap ", finish="length"))) as url:
        model = open_chat_model(rater(url))
        ((answer,),) = list(model.write([REQUESTS[0]._replace(purpose="write")], Writer()))
    assert (answer.text, answer.status) == ("Ann likes soap", "truncated")
