"""Expected ratings from a server's log-probabilities, as servers report them and as they should not."""

from __future__ import annotations

from typing import Any

import pytest

from python_assets.raters.chat import ChatModelError
from tests.raters.loopback import REQUESTS, Reply, ask, completion, rater, server


def test_expected_renormalises_over_the_digits() -> None:
    top = {"5": -0.5, "I": -1.0, "1": -2.0, "33": -2.5}
    with server(lambda _: (200, completion("5", top=top))) as url:
        (answer,) = ask(rater(url, elicitation="expected"), REQUESTS[:1])
    odds = 2.718281828 ** (-2.0 + 0.5)
    assert answer.probabilities == pytest.approx((odds / (1 + odds), 0, 0, 0, 1 / (1 + odds)), abs=1e-6)


def test_expected_asks_for_one_token_with_its_likeliest_alternatives_and_samples_nothing() -> None:
    seen: list[dict[str, Any]] = []

    def reply(body: dict[str, Any]) -> Reply:
        seen.append(body)
        return 200, completion("4", top={"4": -0.1})

    with server(reply) as url:
        ask(rater(url, elicitation="expected", temperature=0.7), REQUESTS[:1])
    (body,) = seen
    assert (body["temperature"], body["max_tokens"], body["logprobs"], body["top_logprobs"]) == (0, 1, True, 20)
    assert body["structured_outputs"] == {"choice": ["1", "2", "3", "4", "5"]}


def test_a_logprob_above_zero_is_a_probability_of_one() -> None:
    with server(lambda _: (200, completion("4", top={"4": 1e4, "2": 0.0}))) as url:
        (answer,) = ask(rater(url, elicitation="expected"), REQUESTS[:1])
    assert answer.probabilities == (0, 0.5, 0, 0.5, 0)


@pytest.mark.parametrize("token", [" 4", "▁4", "Ġ4", "4", "\n4", "4\r"])
def test_a_digit_may_be_several_tokens_whose_masses_add_up(token: str) -> None:
    entries = [{"token": name, "logprob": value} for name, value in (("4", -1.0), (token, -2.0), ("2", -1.0))]
    logprobs = {"content": [{"token": "4", "logprob": -1.0, "top_logprobs": entries}]}
    with server(lambda _: (200, with_logprobs(logprobs))) as url:
        (answer,) = ask(rater(url, elicitation="expected"), REQUESTS[:1])
    four, two = 2.718281828**-1 + 2.718281828**-2, 2.718281828**-1
    assert answer.probabilities == pytest.approx((0, two / (four + two), 0, four / (four + two), 0), abs=1e-6)


def test_expected_without_any_digit_has_no_mass() -> None:
    with server(lambda _: (200, completion("I", top={"I": -0.1, "would": -3.0}))) as url:
        (answer,) = ask(rater(url, elicitation="expected"), REQUESTS[:1])
    assert (answer.probabilities, answer.status) == (None, "no_digit_mass")


def with_logprobs(logprobs: Any) -> dict[str, Any]:
    reply = completion("4")
    reply["choices"][0]["logprobs"] = logprobs
    return reply


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {},
        {"content": None},
        {"content": []},
        {"content": [None]},
        {"content": 5},
        {"content": [{"token": "4", "logprob": -0.1, "top_logprobs": 5}]},
        {"content": [{"token": "4", "logprob": -0.1, "top_logprobs": None}]},
        {"content": [{"token": "4", "logprob": None, "top_logprobs": [{"token": "4", "logprob": None}]}]},
    ],
)
def test_expected_from_a_server_without_logprobs_is_one_sentence(logprobs: Any) -> None:
    expected = pytest.raises(ChatModelError, match=r"does not report logprobs: set `elicitation: likert`")
    with server(lambda _: (200, with_logprobs(logprobs))) as url, expected:
        ask(rater(url, elicitation="expected"), REQUESTS[:1])


def test_expected_passes_over_entries_without_a_number() -> None:
    entries = [None, {"token": "3", "logprob": None}, {"token": "4", "logprob": -0.1}]
    logprobs = {"content": [{"token": "4", "logprob": -0.1, "top_logprobs": entries}]}
    with server(lambda _: (200, with_logprobs(logprobs))) as url:
        (answer,) = ask(rater(url, elicitation="expected"), REQUESTS[:1])
    assert answer.probabilities == (0, 0, 0, 1, 0)
