"""A chat model inside this process, on transformers: no server, and fast enough for a small model on a CPU.

The probes of one persona share most of their prompt. That beginning is computed once, and its key-value cache is
handed to every batch of probes; a rating then costs one forward pass over the probe's own words.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from python_assets.raters.chat import DIGITS, Answer, ChatModelError, ChatRequest, renormalise, request_hash
from python_assets.raters.decoding import SharedPrefix, common_prefix_length, continue_text, prefill, read_prefix
from python_assets.raters.sampling import digit_probabilities, generators, sample_tokens
from python_assets.raters.templates import digit_tokens, prompt_tokens
from python_assets.raters.weights import find_weights, known_version, version_of
from python_assets.study import Rater, Writer

OPTIONS = {"batch_size", "device", "dtype"}
Prompt = tuple[ChatRequest, list[int]]


class TransformersChat:
    """A causal language model with its tokenizer.

    Args:
        model: The loaded model, in evaluation mode.
        tokenizer: Its tokenizer, with a chat template.
        name: Name as in the study.
        identity: What can change an answer.
        batch_size: Prompts a forward pass.
    """

    backend = "transformers"

    def __init__(
        self, model: Any, tokenizer: Any, *, name: str, identity: Mapping[str, Any], batch_size: int = 16
    ) -> None:
        self.model, self.tokenizer, self.name, self.batch_size = model, tokenizer, name, batch_size
        self.identity = identity
        eos = model.generation_config.eos_token_id
        self._stop_ids = frozenset([tokenizer.eos_token_id, *(eos if isinstance(eos, list) else [eos])]) - {None}
        self._context = model.config.get_text_config().max_position_embeddings
        self._window = getattr(model.config.get_text_config(), "sliding_window", None) or self._context

    @classmethod
    def open(cls, rater: Rater) -> TransformersChat:
        """Load the rater's model; ``options`` may set batch_size, device and dtype.

        Raises:
            ChatModelError: An unknown option, or a model that is not there or cannot be loaded.
        """
        if unknown := sorted(rater.options.keys() - OPTIONS):
            raise ChatModelError(
                f"rater option {unknown[0]} is unknown to transformers: use {', '.join(sorted(OPTIONS))}."
            )
        weights = find_weights(str(rater.model))
        device, dtype = _place(rater)
        try:
            tokenizer = AutoTokenizer.from_pretrained(weights.location, local_files_only=weights.is_local)
            model: Any = AutoModelForCausalLM.from_pretrained(
                weights.location, dtype=dtype, local_files_only=weights.is_local
            )
        except (OSError, ValueError, AttributeError) as error:
            raise ChatModelError(
                f"The model {rater.model} cannot be loaded: {str(error).strip().splitlines()[0]}"
            ) from error
        return cls(
            model.to(device).eval(),
            tokenizer,
            name=str(rater.model),
            identity=_identity(rater, version_of(weights, model.config)),
            batch_size=int(rater.options.get("batch_size", 16)),
        )

    def write(self, requests: Sequence[ChatRequest], writer: Writer) -> Iterator[list[Answer]]:
        """Sample personas in batches of similar length."""
        key = self._keys(writer)
        prompts, too_long = self._fitting(requests, room=writer.max_tokens, key=key)
        if too_long:
            yield too_long
        prefix = read_prefix(self.model, [])
        for batch in self._batches(prompts):
            texts = self._texts(batch, prefix, writer)
            yield [
                _written(key(request), ids, text, stopped)
                for (request, ids), (text, stopped) in zip(batch, texts, strict=True)
            ]

    def rate(self, requests: Sequence[ChatRequest], rater: Rater) -> Iterator[list[Answer]]:
        """Rate probes, a persona at a time."""
        key = self._keys(rater)
        by_digit = rater.constrain or rater.elicitation == "expected"
        room = 1 if by_digit else rater.max_tokens
        for _, group in groupby(requests, key=lambda request: request.system):
            prompts, too_long = self._fitting(list(group), room=room, key=key)
            if too_long:
                yield too_long
            if not prompts:
                continue
            prefix = self._prefix(prompts, room=0 if by_digit else room)
            for batch in self._batches(prompts):
                yield self._digits(batch, prefix, rater, key) if by_digit else self._free(batch, prefix, rater, key)

    def close(self) -> None:
        """Free the model."""
        self.model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _keys(self, settings: Writer | Rater) -> Callable[[ChatRequest], str]:
        return lambda request: request_hash(request, identity=self.identity, settings=settings)

    def _fitting(
        self, requests: Sequence[ChatRequest], *, room: int, key: Callable[[ChatRequest], str]
    ) -> tuple[list[Prompt], list[Answer]]:
        prompts = [(request, prompt_tokens(self.tokenizer, request)) for request in requests]
        long = [(request, ids) for request, ids in prompts if len(ids) + room > self._context]
        fit = [(request, ids) for request, ids in prompts if len(ids) + room <= self._context]
        return fit, [Answer(key(request), None, None, "too_long", len(ids)) for request, ids in long]

    def _batches(self, prompts: list[Prompt]) -> Iterator[list[Prompt]]:
        ordered = sorted(prompts, key=lambda prompt: len(prompt[1]))
        for start in range(0, len(ordered), self.batch_size):
            yield ordered[start : start + self.batch_size]

    def _prefix(self, prompts: list[Prompt], *, room: int) -> SharedPrefix:
        # Sampled tokens follow the padding in the cache, where a sliding window would count it as text.
        if room and max(len(ids) for _, ids in prompts) + room > self._window:
            return read_prefix(self.model, [])
        shared = common_prefix_length([ids for _, ids in prompts])
        return read_prefix(self.model, prompts[0][1][:shared])

    def _digits(
        self, batch: list[Prompt], prefix: SharedPrefix, rater: Rater, key: Callable[[ChatRequest], str]
    ) -> list[Answer]:
        start = prefill(self.model, [ids[prefix.length :] for _, ids in batch], prefix=prefix)
        probabilities = digit_probabilities(start.logits, digit_tokens(self.tokenizer))
        chosen = sample_tokens(
            probabilities.log(),
            temperature=0 if rater.elicitation == "expected" else rater.temperature,
            top_p=rater.top_p,
            draws=generators([request.seed for request, _ in batch]),
        )
        rows = zip(batch, chosen.tolist(), probabilities.tolist(), strict=True)
        return [
            Answer(key(request), DIGITS[digit], renormalise(p), "ok", len(ids)) for (request, ids), digit, p in rows
        ]

    def _free(
        self, batch: list[Prompt], prefix: SharedPrefix, rater: Rater, key: Callable[[ChatRequest], str]
    ) -> list[Answer]:
        rows = zip(batch, self._texts(batch, prefix, rater), strict=True)
        return [
            Answer(key(request), text, None, "ok" if text.strip() else "empty", len(ids))
            for (request, ids), (text, _) in rows
        ]

    def _texts(self, batch: list[Prompt], prefix: SharedPrefix, settings: Writer | Rater) -> list[tuple[str, bool]]:
        start = prefill(
            self.model, [ids[prefix.length :] for _, ids in batch], prefix=prefix, pad_left=not prefix.length
        )
        texts = continue_text(
            self.model,
            start,
            draws=generators([request.seed for request, _ in batch]),
            temperature=settings.temperature,
            top_p=settings.top_p,
            max_tokens=settings.max_tokens,
            stop_ids=self._stop_ids,
        )
        return [(self.tokenizer.decode(tokens, skip_special_tokens=True).strip(), stopped) for tokens, stopped in texts]


def identity_of(rater: Rater) -> Mapping[str, Any]:
    """The identity of the rater's model without loading it.

    Raises:
        ChatModelError: The model is not on this machine, or an option is not what it may be.
    """
    return _identity(rater, known_version(find_weights(str(rater.model))))


def _identity(rater: Rater, version: str | None) -> Mapping[str, Any]:
    device, dtype = _place(rater)
    return {
        "backend": TransformersChat.backend,
        "model": str(rater.model),
        "weights": version,
        "dtype": str(dtype).removeprefix("torch."),
        "device": device.type,
    }


def _place(rater: Rater) -> tuple[torch.device, torch.dtype]:
    """Where the model goes, and with which numbers."""
    chosen = rater.options.get("device") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(chosen)
        # bf16 is emulated on most CPUs, and several times slower than float32.
        dtype = getattr(torch, rater.options.get("dtype") or ("float32" if device.type == "cpu" else "float16"))
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ChatModelError(f"The model {rater.model} cannot be loaded: {reason}") from error
    if not isinstance(dtype, torch.dtype):
        raise ChatModelError(f"The model {rater.model} cannot be loaded: {dtype} is no dtype of torch, such as float32")
    return device, dtype


def _written(key: str, prompt: list[int], text: str, stopped: bool) -> Answer:
    status = "empty" if not text else "ok" if stopped else "truncated"
    return Answer(key, text, None, status, len(prompt))
