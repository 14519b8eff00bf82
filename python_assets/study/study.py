"""A whole study."""

from __future__ import annotations

import re

from pydantic import Field, model_validator

from python_assets.study.corpus import Grounding, Pairs, Probes, Source
from python_assets.study.instrument import Instrument
from python_assets.study.population import Population
from python_assets.study.scores import BASELINE_SOURCES, Baselines, Metrics
from python_assets.study.settings import Settings

# Splits are partitions of the graph, whose keys Dagster restricts.
_NO_SPLIT = re.compile(r"[|\[\],\x00-\x1f\x7f]|\.\.\.")


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
    instruments: dict[str, Instrument] = Field({"paper": Instrument()}, min_length=1)
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
            if not split.strip() or _NO_SPLIT.search(split):
                raise ValueError(f"split {split!r}: give it a name without | [ ] , ... tabs and line ends")
            if not members:
                raise ValueError(f"split {split} names no category: name one of `sources`, or leave it out")
            if len(set(members)) < len(members):
                raise ValueError(f"split {split} names a category twice: name each once")
            if missing := sorted(set(members) - categories):
                raise ValueError(f"split {split} names {', '.join(missing)}, but `sources` has no such category")
        names = [population.name for population in self.populations]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"population {twice[0]} is there twice: give each its own name")
        if taken := sorted(set(names) & set(BASELINE_SOURCES)):
            raise ValueError(f"population {taken[0]} has the name of a baseline: give it another one")
        shapes = {(i.encoder.prototypes, i.encoder.dimension) for i in self.instruments.values()}
        if len(shapes) != 1:
            raise ValueError("instruments of one warehouse share `prototypes` and `dimension`: use two studies")
        return self

    def require_split(self, name: str) -> str:
        """The name, if a split has it.

        Raises:
            LookupError: None has; a UI that has been open for long may still offer it.
        """
        if name in self.splits:
            return name
        raise LookupError(f"{name} is no split of study {self.name} (any more): in the UI, reload the definitions.")

    def population(self, name: str) -> Population:
        """The population of that name.

        Raises:
            LookupError: The study has none; a UI that has been open for long may still offer it.
        """
        for population in self.populations:
            if population.name == name:
                return population
        raise LookupError(
            f"{name} is no population of study {self.name} (any more): in the UI, reload the definitions."
        )

    def encoder_seeds(self, instrument: str) -> range:
        """Seeds of an instrument's encoders on every split: the study's own first, then those of its retests."""
        return range(self.seed, self.seed + self.instruments[instrument].retests + 1)
