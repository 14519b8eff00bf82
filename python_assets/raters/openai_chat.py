"""A chat model behind an OpenAI-compatible address: one vLLM server, many behind a balancer, or a hosted model."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

import openai

from python_assets.raters.chat import DIGITS, Answer, ChatModelError, ChatRequest, renormalise, request_hash
from python_assets.study import Rater, Writer

CLIENT_OPTIONS = {"concurrency": 16, "timeout": 120.0, "max_retries": 4}
"""Options of ours with their defaults: requests at once, seconds a request, retries with growing pauses."""

TOP_LOGPROBS = 20
"""The most that servers report; a digit that is not among them counts as zero."""


class OpenAIChat:
    """A connection to a server.

    The address is not part of the identity: the same model behind another address gives the same answers.

    Args:
        client: The ``openai`` client.
        name: Model name as the server knows it.
        options: Sent with every request, such as ``{"chat_template_kwargs": {...}}``.
        concurrency: Requests at once.
    """

    backend = "openai"

    def __init__(
        self, client: openai.OpenAI, *, name: str, options: Mapping[str, Any] | None = None, concurrency: int = 16
    ) -> None:
        self.client, self.name, self.concurrency = client, name, concurrency
        self.options = dict(options or {})
        self.identity: Mapping[str, Any] = {"backend": self.backend, "model": name, "options": self.options}

    @classmethod
    def open(cls, rater: Rater) -> OpenAIChat:
        """Make the client; the server is first spoken to when a request is asked.

        ``options`` may set concurrency, timeout and max_retries; all others are sent with every request.
        """
        client_options = {name: rater.options.get(name, default) for name, default in CLIENT_OPTIONS.items()}
        client = openai.OpenAI(
            base_url=rater.base_url,
            # Servers of one's own want no key, but the client does.
            api_key=os.environ.get(rater.api_key_env) or "none",
            timeout=client_options["timeout"],
            max_retries=client_options["max_retries"],
        )
        options = {name: value for name, value in rater.options.items() if name not in CLIENT_OPTIONS}
        return cls(client, name=str(rater.model), options=options, concurrency=client_options["concurrency"])

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
        """Answers as they arrive; when one fails, those under way are still handed on before its error is raised."""
        pool = ThreadPoolExecutor(self.concurrency)
        left: set[Future[Answer]] = set()
        try:
            left.update(pool.submit(ask, request) for request in requests)
            for future in as_completed(list(left)):
                left.remove(future)
                yield [future.result()]
        except GeneratorExit:
            raise
        # Dagster's word for a Ctrl-C is none of Python's.
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            yield [future.result() for future in left if not future.cancelled() and not future.exception()]
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _complete(
        self, request: ChatRequest, *, extra: Mapping[str, Any] | None = None, **decoding: Any
    ) -> tuple[Any, int | None] | None:
        """First choice and prompt length; nothing when the prompt does not fit the model's context."""
        try:
            reply = self.client.chat.completions.create(
                model=self.name,
                messages=[{"role": "system", "content": request.system}, {"role": "user", "content": request.user}],
                extra_body={**self.options, **(extra or {})},
                **decoding,
            )
        except openai.BadRequestError as error:
            if _is_too_long(error):
                return None
            raise self._refused(error) from error
        except openai.APIStatusError as error:
            raise self._refused(error) from error
        except openai.APIConnectionError as error:
            raise ChatModelError(
                f"No answer from {self.client.base_url} ({error}): start it, or correct `base_url` in the study."
            ) from error
        except (openai.APIError, ValueError) as error:
            raise self._garbage(error) from error
        try:
            usage = reply.usage.prompt_tokens if reply.usage else None
            if not isinstance(reply.choices[0].message.content, str | None):
                raise TypeError("the message is not text")
            return reply.choices[0], usage
        except (AttributeError, IndexError, TypeError) as error:
            raise self._garbage(error) from error

    def _refused(self, error: openai.APIStatusError) -> ChatModelError:
        advice = {
            400: "if it does not know `structured_outputs`, set `constrain: false`",
            401: "put the key in the environment variable that `api_key_env` names",
            404: f"check that it serves the model {self.name} and that `base_url` ends as it should, often in /v1",
            429: "lower the option `concurrency`",
        }.get(error.status_code, "look at its log and run again: what was answered is kept")
        reason = " ".join(str(error).split())[:300]
        return ChatModelError(f"{self.client.base_url} refused a request ({reason}): {advice}.")

    def _garbage(self, error: Exception) -> ChatModelError:
        return ChatModelError(
            f"{self.client.base_url} does not answer like an OpenAI-compatible server "
            f"({' '.join(str(error).split())[:200]}): check `base_url`, which often ends in /v1."
        )


def _is_too_long(error: openai.BadRequestError) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in ("context length", "context_length", "maximum model length", "max_model_len"))


def _digit_probabilities(reported: Sequence[Any]) -> tuple[float, ...] | None:
    mass = dict.fromkeys(DIGITS, 0.0)
    for entry in reported:
        if entry.token in mass:
            mass[entry.token] = math.exp(min(entry.logprob, 0.0))
    return renormalise(list(mass.values()))


def _reported(choice: Any) -> list[Any]:
    """The likeliest first tokens that have a number; none from a server that does not know logprobs."""
    first = next(iter(getattr(choice.logprobs, "content", None) or []), None)
    entries = getattr(first, "top_logprobs", None) or []
    return [entry for entry in entries if isinstance(getattr(entry, "logprob", None), int | float)]
