"""Which reviews are read, and what is made of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from python_assets.study.settings import Settings


class Source(Settings):
    """The files of one product category."""

    category: str = Field(min_length=1)
    """Category name; product splits are made of these."""
    format: Literal["auto", "amazon_2023", "amazon_2018", "ratings_csv"] = "auto"
    """File layout; ``auto`` looks at the first line."""
    reviews: list[str] = Field(min_length=1)
    """Review files: paths, globs, folders or addresses, relative to the data root."""
    items: list[str] = Field([])
    """Item metadata files: paths, globs, folders or addresses, relative to the data root."""

    @field_validator("reviews", "items", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class Pairs(Settings):
    """Preference-pair mining (section 3.1, Table 5)."""

    min_gap: float = Field(1.0, gt=0)
    """Least rating difference of a pair."""
    max_pairs_per_user: int | None = Field(None, ge=1)
    """Cap on one user's pairs, one drawn from each of as many strata by a hash with the study's seed; none by default, as the paper."""


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
        """Probes wanted in each band, 0 or more; they add up to ``count``."""
        head = round(self.count * self.head)
        # Two halves of an odd count may both be rounded up.
        torso = min(round(self.count * self.torso), self.count - head)
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
