"""What every chat model offers, whichever runtime it runs in: answers to requests.

A request's hash covers everything that determines the answer, so that an answer is asked for once and shared by
all populations that would ask the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from python_assets.study import Rater, Writer

DIGITS = ("1", "2", "3", "4", "5")
RUNTIMES = {"transformers": "TransformersChat", "vllm": "VllmChat", "openai": "OpenAIChat"}
"""Class of each backend, in the module that is named after it."""


class ChatModelError(Exception):
    """A chat model cannot be loaded or does not answer; the message says what to do."""


class ChatRequest(NamedTuple):
    """One question to a chat model."""

    purpose: Literal["write", "rate"]
    """``write`` a persona, or ``rate`` a probe."""
    system: str
    """Filled system prompt; the probes of one persona share it, and so its key-value cache."""
    user: str
    """Filled user prompt."""
    seed: int
    """Seed of the sampling."""


class Answer(NamedTuple):
    """What came back."""

    request_hash: str
    """Key in ``ml.answers``."""
    text: str | None
    """The text as the model gave it, without its end marker; nothing when the model was not asked."""
    probabilities: tuple[float, ...] | None
    """Probabilities of the answers 1 to 5, adding up to one, where the runtime gives them."""
    status: str
    """``ok``, ``empty``, ``truncated`` (a persona that hit the token cap), ``too_long`` (not asked: it would not fit
    the model's context) or ``no_digit_mass`` (none of 1 to 5 was likely enough to be reported)."""
    n_prompt_tokens: int | None
    """Length of the prompt, where known."""


class ChatModel(Protocol):
    """A loaded chat model, or a connection to one."""

    backend: str
    """Runtime, as in the study."""
    name: str
    """Model name, as in the study."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Everything about model and runtime that can change an answer; part of every request hash."""

    def write(self, requests: Sequence[ChatRequest], writer: Writer) -> Iterator[list[Answer]]:
        """Free text for each request, a few at a time, in any order."""

    def rate(self, requests: Sequence[ChatRequest], rater: Rater) -> Iterator[list[Answer]]:
        """A rating for each request, a few at a time, in any order."""

    def close(self) -> None:
        """Give back memory and connections; the model cannot be asked again."""


def request_hash(request: ChatRequest, *, identity: Mapping[str, Any], settings: Writer | Rater) -> str:
    """SHA-256 of everything that determines the answer: model and runtime, prompts, seed and decoding.

    An ``expected`` rating reads probabilities and samples nothing, so seed, temperature and the token cap do not
    enter its hash.
    """
    decoding = decoding_settings(settings)
    determined = {
        "model": dict(identity),
        "purpose": request.purpose,
        "system": request.system,
        "user": request.user,
        "seed": None if decoding.get("elicitation") == "expected" else request.seed,
        "decoding": decoding,
    }
    canonical = json.dumps(determined, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def decoding_settings(settings: Writer | Rater) -> dict[str, Any]:
    """The part of the settings that acts on one answer."""
    sampling = {"temperature": settings.temperature, "top_p": settings.top_p, "max_tokens": settings.max_tokens}
    if isinstance(settings, Writer):
        return sampling
    if settings.elicitation == "expected":
        return {"elicitation": "expected", "constrain": settings.constrain}
    if settings.constrain:
        sampling.pop("max_tokens")
    return {"elicitation": "likert", "constrain": settings.constrain, **sampling}


def renormalise(mass: Sequence[float]) -> tuple[float, ...] | None:
    """Probabilities of 1 to 5 from the mass on each, at the precision of the store; nothing when there is none."""
    weights = np.asarray(mass, dtype=float)
    if not np.all(np.isfinite(weights)) or weights.sum() <= 0:
        return None
    return tuple(np.asarray(weights / weights.sum(), dtype=np.float32).tolist())


def identity_of(rater: Rater) -> Mapping[str, Any]:
    """The identity of the rater's model, without loading it or speaking to its server.

    Raises:
        ChatModelError: It cannot be known: the runtime is not installed, or the model is not on this machine.
    """
    identity: Mapping[str, Any] = _runtime(rater).identity_of(rater)
    return identity


def open_chat_model(rater: Rater) -> ChatModel:
    """Load the rater's model, or connect to its server.

    Raises:
        ChatModelError: The runtime is not installed, the model cannot be loaded, or the rater is a control.
    """
    opened: ChatModel = getattr(_runtime(rater), RUNTIMES[rater.backend]).open(rater)
    return opened


def _runtime(rater: Rater) -> ModuleType:
    if rater.backend not in RUNTIMES:
        raise ChatModelError(
            f"rater backend {rater.backend} is a control and has no chat model: see raters/controls.py"
        )
    # Imported here: each runtime takes seconds to import, and vLLM is an optional extra.
    return import_module(f"python_assets.raters.{rater.backend}_chat")
