"""A chat model that answers at once, counts what it is asked, and can die on the way: for faults that a real one
cannot be made to have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from python_assets.raters.chat import Answer, ChatRequest, request_hash
from python_assets.study import Rater, Writer


class Killed(Exception):
    """What a dying model raises."""


class FakeModel:
    """Answers each request with a digit made from its seed."""

    backend = "transformers"

    def __init__(self, name: str = "fake", *, dies_after: int | None = None, status: str = "ok") -> None:
        self.name, self.dies_after, self.status = name, dies_after, status
        self.identity = {"backend": "fake", "model": name}
        self.asked: list[ChatRequest] = []

    def write(self, requests: Sequence[ChatRequest], writer: Writer) -> Iterator[list[Answer]]:
        yield from self._answers(requests, writer)

    def rate(self, requests: Sequence[ChatRequest], rater: Rater) -> Iterator[list[Answer]]:
        yield from self._answers(requests, rater)

    def close(self) -> None:
        """Nothing to free."""

    def _answers(self, requests: Sequence[ChatRequest], settings: Writer | Rater) -> Iterator[list[Answer]]:
        for request in requests:
            if self.dies_after is not None and len(self.asked) >= self.dies_after:
                raise Killed
            self.asked.append(request)
            probabilities = (0.5, 0.25, 0.125, 0.0625, 0.0625)
            yield [
                Answer(answer_key(self, request, settings), str(1 + request.seed % 5), probabilities, self.status, 10)
            ]


def answer_key(model: FakeModel, request: ChatRequest | None, settings: Writer | Rater) -> str:
    """Hash under which the answer to a request is kept."""
    assert request is not None
    return request_hash(request, identity=model.identity, settings=settings)
