"""What a server says against a request, in one sentence that says what to do; and the options of the client."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from python_assets.raters.chat import ChatModelError, identity_of, open_chat_model
from python_assets.study import Writer
from tests.raters.loopback import REQUESTS, Reply, ask, completion, rater, server

TOO_LONG = (
    "This model's maximum context length is 2048 tokens.",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "Input is too long for requested model.",
    "The prompt is too long to fit",
    "the request exceeds the available context size, try increasing it",
    "Your input exceeds the context window of this model.",
)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (500, "look at its log and run again"),
        (401, "api_key_env"),
        (402, "check the account or key"),
        (403, "check the account or key"),
        (404, "serves the model m"),
        (400, "change the study's rater"),
        (422, "change the study's rater"),
        (429, "concurrency"),
    ],
)
def test_refusals_say_what_to_do(status: int, advice: str) -> None:
    with server(lambda _: (status, {"error": {"message": "no\nthank you"}})) as url:
        with pytest.raises(ChatModelError, match=advice) as raised:
            ask(rater(url, options={"max_retries": 0}))
        assert "no thank you" in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "no thank\nyou"},
        {"error": "no thank you"},
        b"<html>\n<h1>no thank you</h1>",
        {"detail": [{"msg": "no thank you"}]},
    ],
    ids=["detail", "text", "html", "list"],
)
@pytest.mark.parametrize("status", [400, 500])
def test_the_servers_reason_is_told_in_whatever_form_it_comes(body: Any, status: int) -> None:
    with server(lambda _: (status, body)) as url:
        with pytest.raises(ChatModelError, match="no thank") as raised:
            ask(rater(url, options={"max_retries": 0}))
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("error", [{"message": "no thank you", "code": 402}, "no thank you: quota"])
def test_an_error_in_the_place_of_an_answer_is_told(error: Any) -> None:
    with (
        server(lambda _: (200, {"error": error})) as url,
        pytest.raises(ChatModelError, match=r"no thank you.*check the account or key"),
    ):
        ask(rater(url))


def test_spent_money_is_no_matter_of_speed() -> None:
    error = {"message": "You have spent it all.", "code": "insufficient_quota"}
    with (
        server(lambda _: (429, {"error": error})) as url,
        pytest.raises(ChatModelError, match="check the account or key"),
    ):
        ask(rater(url, options={"max_retries": 0}))


@pytest.mark.parametrize("text", ["Unknown parameter: structured_outputs", "guided_choice is not supported"])
def test_the_constraint_is_blamed_only_where_it_was_sent_and_named(text: str) -> None:
    with server(lambda _: (422, {"detail": text})) as url:
        with pytest.raises(ChatModelError, match="set `constrain: false`"):
            ask(rater(url))
        with pytest.raises(ChatModelError, match="change the study's rater"):
            ask(rater(url, constrain=False))
        with pytest.raises(ChatModelError, match="change the study's rater"):
            list(open_chat_model(rater(url)).write([REQUESTS[0]._replace(purpose="write")], Writer()))


@pytest.mark.parametrize(
    "reply",
    [
        *((400, {"error": {"message": text}}) for text in TOO_LONG),
        (422, {"detail": TOO_LONG[1]}),
        (400, {"error": TOO_LONG[2]}),
        (200, {"error": {"message": TOO_LONG[3], "code": 400}}),
        (400, {"error": {"message": "no", "code": "context_length_exceeded"}}),
        (413, b"<html>Request Entity Too Large</html>"),
    ],
)
def test_a_prompt_that_is_too_long_is_known_by_many_words(reply: Reply) -> None:
    with server(lambda _: reply) as url:
        assert [answer.status for answer in ask(rater(url), REQUESTS[:1])] == ["too_long"]


@pytest.mark.parametrize("status", [200, 401, 418])
def test_a_key_that_the_server_repeats_is_not_told(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    # So far in that a cut at the end of the sentence would leave half of the key.
    text = "x" * 265 + " your key: sk-secret"
    with (
        server(lambda _: (status, {"error": {"message": text}})) as url,
        pytest.raises(ChatModelError, match=r"your key: \*\*\*") as raised,
    ):
        ask(rater(url, api_key_env="SOME_KEY"))
    # With its causes, as Dagster stores it.
    assert "sk-" not in "".join(traceback.format_exception(raised.value))


def test_no_key_hides_no_word() -> None:
    with (
        server(lambda _: (418, {"error": {"message": "none of these"}})) as url,
        pytest.raises(ChatModelError, match="none of these"),
    ):
        ask(rater(url, api_key_env="NO_SUCH_VARIABLE"))


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("concurrency", 0, "a whole number from 1"),
        ("concurrency", "8", "a whole number from 1"),
        ("concurrency", True, "a whole number from 1"),
        ("concurrency", 2.0, "a whole number from 1"),
        ("timeout", 0, "a number of seconds above 0"),
        ("timeout", None, "a number of seconds above 0"),
        ("timeout", float("inf"), "a number of seconds above 0"),
        ("max_retries", -1, "a whole number from 0"),
    ],
)
def test_an_option_that_cannot_be_is_named(option: str, value: Any, wanted: str) -> None:
    with pytest.raises(ChatModelError, match=f"option {option} is .*: give {wanted}"):
        open_chat_model(rater("http://127.0.0.1:1/v1", options={option: value}))


def test_an_option_that_is_null_takes_a_parameter_out() -> None:
    seen: list[dict[str, Any]] = []

    def reply(body: dict[str, Any]) -> Reply:
        seen.append(body)
        return 200, completion("4")

    options = {"max_tokens": None, "max_completion_tokens": 9, "seed": None, "structured_outputs": None}
    with server(reply) as url:
        ask(rater(url, options=options), REQUESTS[:1])
    (body,) = seen
    assert body["max_completion_tokens"] == 9
    assert not body.keys() & {"max_tokens", "seed", "structured_outputs"}
    assert body["temperature"] == 0.1


def test_the_identity_is_known_without_the_server() -> None:
    settings = rater("http://127.0.0.1:1/v1", options={"concurrency": 3, "top_k": 5})
    assert identity_of(settings) == open_chat_model(settings).identity
    assert identity_of(settings) == {"backend": "openai", "model": "m", "options": {"top_k": 5}}
