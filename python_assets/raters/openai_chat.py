"""A chat model behind an OpenAI-compatible address: one vLLM server, many behind a balancer, or a hosted model."""

from __future__ import annotations

import json
import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed, wait
from threading import Thread
from typing import Any

import openai

from python_assets.raters.chat import DIGITS, Answer, ChatModelError, ChatRequest, renormalise, request_hash
from python_assets.study import Rater, Writer

CLIENT_OPTIONS = {"concurrency": 16, "timeout": 120.0, "max_retries": 4}
"""Options of ours with their defaults: requests at once, seconds a request, retries with growing pauses."""

TOP_LOGPROBS = 20
"""The most that servers report; a digit that is not among them counts as zero."""

STOP_SECONDS = 10.0
"""How long an interrupt waits for answers under way: the command is ended 20 seconds after it, written down or not."""

TOO_LONG_SIGNS = (
    "context length", "context_length", "context window", "maximum model length", "max_model_len", "prompt is too long",
    "input is too long", "too long to fit", "exceeds the available context size",
)  # fmt: skip


class OpenAIChat:
    """A connection to a server.

    The address is not part of the identity: the same model behind another address gives the same answers.

    Args:
        client: The ``openai`` client.
        rater: Model and options; those that are None take a parameter of ours out of every request.
    """

    backend = "openai"

    def __init__(self, client: openai.OpenAI, rater: Rater) -> None:
        self.client, self.name, self.identity = client, str(rater.model), identity_of(rater)
        self.options: Mapping[str, Any] = self.identity["options"]
        self.concurrency: int = _client_options(rater)["concurrency"]

    @classmethod
    def open(cls, rater: Rater) -> OpenAIChat:
        """Make the client; the server is first spoken to when a request is asked.

        ``options`` may set concurrency, timeout and max_retries; all others are sent with every request.

        Raises:
            ChatModelError: One of these three is not what it may be.
        """
        own = _client_options(rater)
        client = openai.OpenAI(
            base_url=rater.base_url,
            # Servers of one's own want no key, but the client does.
            api_key=os.environ.get(rater.api_key_env) or "none",
            timeout=own["timeout"],
            max_retries=own["max_retries"],
        )
        return cls(client, rater)

    def write(self, requests: Sequence[ChatRequest], writer: Writer) -> Iterator[list[Answer]]:
        """Sample personas, several at once."""

        def ask(request: ChatRequest) -> Answer:
            key = request_hash(request, identity=self.identity, settings=writer)
            reply = self._complete(
                request,
                temperature=writer.temperature,
                top_p=writer.top_p,
                max_tokens=writer.max_tokens,
                seed=request.seed,
            )
            if reply is None:
                return Answer(key, None, None, "too_long", None)
            choice, length = reply
            text = (choice.message.content or "").strip()
            status = "empty" if not text else "truncated" if choice.finish_reason == "length" else "ok"
            return Answer(key, text, None, status, length)

        yield from self._all(requests, ask)

    def rate(self, requests: Sequence[ChatRequest], rater: Rater) -> Iterator[list[Answer]]:
        """Rate probes, several at once. Answers are validated later: some servers ignore the constraint."""
        expected = rater.elicitation == "expected"
        decoding: dict[str, Any] = {
            "temperature": rater.temperature,
            "top_p": rater.top_p,
            "max_tokens": rater.max_tokens,
        }
        if expected:
            decoding = {"temperature": 0.0, "max_tokens": 1, "logprobs": True, "top_logprobs": TOP_LOGPROBS}
        extra = {"structured_outputs": {"choice": list(DIGITS)}} if rater.constrain else {}

        def ask(request: ChatRequest) -> Answer:
            key = request_hash(request, identity=self.identity, settings=rater)
            reply = self._complete(request, **decoding, seed=request.seed, extra=extra)
            if reply is None:
                return Answer(key, None, None, "too_long", None)
            choice, length = reply
            text = choice.message.content or ""
            if not expected:
                return Answer(key, text, None, "ok" if text.strip() else "empty", length)
            if not (reported := _reported(choice)):
                raise ChatModelError(
                    f"{self.client.base_url} does not report logprobs: "
                    "set `elicitation: likert`, or serve the model with a server that reports them."
                )
            probabilities = _digit_probabilities(reported)
            return Answer(key, text, probabilities, "ok" if probabilities else "no_digit_mass", length)

        yield from self._all(requests, ask)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _all(self, requests: Sequence[ChatRequest], ask: Callable[[ChatRequest], Answer]) -> Iterator[list[Answer]]:
        """Answers as they arrive; when one fails, those under way are still handed on before its error is raised.

        An interrupt hands on those that arrive within ``STOP_SECONDS``.
        """
        waiting: deque[tuple[Future[Answer], ChatRequest]] = deque((Future(), request) for request in requests)
        left = {future for future, _ in waiting}
        try:
            _start(waiting, ask, self.concurrency)
            for future in as_completed(list(left)):
                left.remove(future)
                yield [future.result()]
        except GeneratorExit:
            raise
        # Dagster's word for a Ctrl-C is none of Python's.
        except BaseException as error:
            under_way = [future for future in left if not future.cancel()]
            done, _ = wait(under_way, timeout=None if isinstance(error, Exception) else STOP_SECONDS)
            yield [future.result() for future in done if not future.exception()]
            raise
        finally:
            for future in left:
                future.cancel()

    def _complete(
        self, request: ChatRequest, *, extra: Mapping[str, Any] | None = None, **decoding: Any
    ) -> tuple[Any, int | None] | None:
        """First choice and prompt length; nothing when the prompt does not fit the model's context."""
        dropped = {name for name, value in self.options.items() if value is None}
        body = {name: value for name, value in {**self.options, **(extra or {})}.items() if name not in dropped}
        constrained = "structured_outputs" in body
        try:
            reply = self.client.chat.completions.create(
                model=self.name,
                messages=[{"role": "system", "content": request.system}, {"role": "user", "content": request.user}],
                extra_body=body,
                **{name: value for name, value in decoding.items() if name not in dropped},
            )
        except openai.APIStatusError as error:
            status, code, said = error.status_code, error.code, str(error)
            if said == f"Error code: {status}":
                said += f" - {error.response.text[:300]}"
        except openai.APIConnectionError as error:
            # From None, here and below: what the library says may hold the key, and causes are printed and stored too.
            raise ChatModelError(
                f"No answer from {self.client.base_url} ({self._shown(error)}): start it, or correct `base_url` in the study."
            ) from None
        except (openai.APIError, ValueError) as error:
            raise self._garbage("not JSON" if isinstance(error, json.JSONDecodeError) else str(error)) from None
        else:
            if not (found := getattr(reply, "error", None)):
                return self._first_choice(reply), _prompt_length(reply)
            code = str(found.get("code")) if isinstance(found, dict) else None
            status = int(code) if code and code.isdecimal() else 200
            said = str(found.get("message") or found) if isinstance(found, dict) else str(found)
        if _is_too_long(status, code, said):
            return None
        advice = _advice(status, code, said, name=self.name, constrained=constrained)
        raise ChatModelError(f"{self.client.base_url} refused a request ({self._shown(said)}): {advice}.") from None

    def _first_choice(self, reply: Any) -> Any:
        try:
            choice = reply.choices[0]
            text = choice.message.content
        except (AttributeError, LookupError, TypeError):
            raise self._garbage("no `choices` with a message") from None
        if not isinstance(text, str | None):
            raise self._garbage("a message that is not text")
        return choice

    def _garbage(self, found: str) -> ChatModelError:
        return ChatModelError(
            f"{self.client.base_url} does not answer like an OpenAI-compatible server "
            f"({self._shown(found)}): check `base_url`, which often ends in /v1."
        )

    def _shown(self, said: object) -> str:
        """On one line, without the key, which some servers repeat."""
        text, key = str(said), self.client.api_key
        return " ".join((text if key == "none" else text.replace(key, "***")).split())[:300]


def identity_of(rater: Rater) -> Mapping[str, Any]:
    """The identity of the rater's model, without speaking to its server."""
    options = {name: value for name, value in rater.options.items() if name not in CLIENT_OPTIONS}
    return {"backend": OpenAIChat.backend, "model": str(rater.model), "options": options}


def _client_options(rater: Rater) -> dict[str, Any]:
    found = {name: rater.options.get(name, default) for name, default in CLIENT_OPTIONS.items()}
    for name, value in found.items():
        kind, above, wanted = {
            "concurrency": (int, 0, "a whole number from 1"),
            "max_retries": (int, -1, "a whole number from 0"),
            "timeout": (int | float, 0, "a number of seconds above 0"),
        }[name]
        if isinstance(value, bool) or not isinstance(value, kind) or not above < value < math.inf:
            raise ChatModelError(f"The rater's option {name} is {value!r}: give {wanted}.")
    return found


def _start(
    waiting: deque[tuple[Future[Answer], ChatRequest]], ask: Callable[[ChatRequest], Answer], threads: int
) -> None:
    """Ask in threads that do not keep an interrupted process from ending, as those of a ThreadPoolExecutor do."""

    def work() -> None:
        while True:
            try:
                future, request = waiting.popleft()
            except IndexError:
                return
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(ask(request))
                except BaseException as error:
                    future.set_exception(error)

    for _ in range(min(threads, len(waiting))):
        Thread(target=work, name="chat-request", daemon=True).start()


def _is_too_long(status: int, code: str | None, said: str) -> bool:
    if status == 413 or code == "context_length_exceeded":
        return True
    # 200: an error in the place of an answer.
    return status in (200, 400, 422) and any(sign in said.lower() for sign in TOO_LONG_SIGNS)


def _advice(status: int, code: str | None, said: str, *, name: str, constrained: bool) -> str:
    text = f"{code} {said}".lower()
    if status in (402, 403) or "quota" in text:
        return "check the account or key at the provider"
    if status in (400, 422):
        if constrained and ("structured_outputs" in text or "guided" in text):
            return "it does not know `structured_outputs`, so set `constrain: false`"
        return "change the study's rater (`model`, `options`) so that the server takes it"
    return {
        401: "put the key in the environment variable that `api_key_env` names",
        404: f"check that it serves the model {name} and that `base_url` ends as it should, often in /v1",
        429: "lower the option `concurrency`",
    }.get(status, "look at its log and run again: what was answered is kept")


def _prompt_length(reply: Any) -> int | None:
    """As the server counted it; nothing where it is no number that the store can hold."""
    length = getattr(getattr(reply, "usage", None), "prompt_tokens", None)
    return length if isinstance(length, int) and not isinstance(length, bool) and 0 <= length < 2**31 else None


def _digit_probabilities(reported: Sequence[Any]) -> tuple[float, ...] | None:
    """Many tokenizers write a digit as several tokens, with a blank or a sign for it before it or without."""
    mass = dict.fromkeys(DIGITS, 0.0)
    for entry in reported:
        token = str(entry.token).strip(" \t\r\n▁Ġ")
        if token in mass:
            mass[token] += math.exp(min(entry.logprob, 0.0))
    return renormalise(list(mass.values()))


def _reported(choice: Any) -> list[Any]:
    """The likeliest first tokens that have a number; none from a server that does not know logprobs."""
    first = next(iter(_listed(choice.logprobs, "content")), None)
    entries = _listed(first, "top_logprobs")
    return [entry for entry in entries if isinstance(getattr(entry, "logprob", None), int | float)]


def _listed(holder: Any, name: str) -> list[Any]:
    found = getattr(holder, name, None)
    return found if isinstance(found, list) else []
