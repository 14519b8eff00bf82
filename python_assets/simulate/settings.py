"""What a simulated corpus looks like: every setting once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from python_assets.study import Settings


class SimulationError(Exception):
    """The corpus cannot be simulated or written; the message says what to do."""


class SimulationSettings(Settings):
    """A simulated review corpus with planted preferences.

    A rating is a cut of a utility whose variance has four parts: what users of the same taste like
    (``personal_weight``), how good the item is for everyone (``quality_weight``), how freely this user
    gives stars (``generosity_weight``) and noise (the rest). With the defaults half of the variance is
    personal, so that taste can be learned from a dozen reviews a user. (Cutting a utility into stars loses
    some of it, more where most ratings are five stars.)
    """

    seed: int = Field(42, ge=0, lt=2**31)
    """Root of every random draw."""
    users: int = Field(2_000, ge=1)
    """Users; each writes at least ``min_reviews`` reviews."""
    items: int = Field(400, ge=1)
    """Items over all categories, divided by the categories' shares."""
    categories: list[tuple[str, float]] = Field([("All_Beauty", 0.5), ("Musical_Instruments", 0.5)], min_length=1)
    """Category names and their shares of users and items; shares are scaled to add up to one."""
    cross_category_share: float = Field(0.05, ge=0, le=1)
    """Share of users active in a second category; a fifth of those in a third, when there is one. 0 where there is one category."""
    mean_reviews: float = Field(12.0, gt=0)
    """Mean items reviewed by a user, over all categories of that user."""
    min_reviews: int = Field(6, ge=1)
    """Least items reviewed by a user in each category of that user; above 5 most users survive a 5-core."""
    activity_exponent: float = Field(2.5, gt=1)
    """Tail exponent of reviews a user (Lomax); nearer 1 is heavier."""
    popularity_exponent: float = Field(0.8, ge=0, le=2)
    """An item's chance to be picked falls with its popularity rank to this power."""
    taste_types: int = Field(6, ge=2)
    """Latent taste types, each with its own likes and dislikes among the item styles."""
    taste_purity: float = Field(0.7, gt=0.5, le=1)
    """Weight of a user's main taste type; a uniform Dirichlet draw divides the rest among all types."""
    personal_weight: float = Field(0.5, ge=0, lt=1)
    """Share of the utility's variance over (user, item) that comes from the user's taste."""
    quality_weight: float = Field(0.2, ge=0, lt=1)
    """Share that comes from the item's quality, on which all users agree."""
    generosity_weight: float = Field(0.1, ge=0, lt=1)
    """Share that comes from how freely a user gives stars."""
    star_shares: tuple[float, float, float, float, float] = (0.06, 0.05, 0.09, 0.20, 0.60)
    """Shares of 1 to 5 stars aimed at: the J shape of Amazon's ratings."""
    rereview_share: float = Field(0.01, ge=0, le=1)
    """Share of reviews followed by another of the same item by the same user, at a later time."""
    duplicate_share: float = Field(0.005, ge=0, le=1)
    """Share of review lines that stand in the file a second time, unchanged."""
    tie_share: float = Field(0.02, ge=0, le=1)
    """Share of reviews with the very timestamp of the user's review before it."""
    broken_lines: int = Field(0, ge=0)
    """Lines that are no valid review, over all review files; they come on top of the others."""
    max_sentences: int = Field(3, ge=1, le=3)
    """Longest review text, sentences."""
    start: date = date(2015, 1, 1)
    """First day of reviews."""
    end: date = date(2023, 9, 1)
    """Day after the last review."""

    @field_validator("categories")
    @classmethod
    def _named_once(cls, value: list[tuple[str, float]]) -> list[tuple[str, float]]:
        names = [name for name, _ in value]
        for name, share in value:
            if not name.replace("_", "").isalnum() or not name.isascii():
                raise ValueError(f"category {name!r}: use letters, digits and underscores, as in All_Beauty")
            if names.count(name) > 1:
                raise ValueError(f"category {name} is there twice: name it once, with its whole share")
            if share <= 0:
                raise ValueError(f"category {name} has share {share:g}: give it a share above 0 or leave it out")
        return value

    @model_validator(mode="before")
    @classmethod
    def _one_category_has_no_second(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("categories"), list) and len(values["categories"]) == 1:
            return {"cross_category_share": 0.0} | values
        return values

    @model_validator(mode="after")
    def _feasible(self) -> SimulationSettings:
        if self.personal_weight + self.quality_weight + self.generosity_weight > 1:
            raise ValueError("personal_weight, quality_weight and generosity_weight add up to more than 1: lower one")
        if min(self.star_shares) <= 0 or abs(sum(self.star_shares) - 1) > 1e-6:
            raise ValueError("star_shares must be five positive shares that add up to 1")
        if self.cross_category_share and len(self.categories) < 2:
            raise ValueError("cross_category_share needs a second category: add one or set it to 0")
        if self.mean_reviews < self.min_reviews * self.memberships_per_user:
            needed = self.min_reviews * self.memberships_per_user
            raise ValueError(f"mean_reviews is below what min_reviews asks for: raise it to {needed:.2f} or more")
        for (name, _), count in zip(self.categories, self.items_per_category(), strict=True):
            if count < 2 * self.min_reviews:
                raise ValueError(f"{name} would have {count} items, too few to choose from: raise items or its share")
        if (self.end - self.start).days < 30:
            raise ValueError("end must be at least 30 days after start")
        return self

    @property
    def memberships_per_user(self) -> float:
        """Expected number of categories of a user."""
        return 1 + self.cross_category_share * (1.2 if len(self.categories) > 2 else 1.0)

    def shares(self) -> np.ndarray:
        """The categories' shares, shape (categories,), adding up to one."""
        shares = np.array([share for _, share in self.categories], dtype=np.float64)
        return shares / shares.sum()

    def items_per_category(self) -> np.ndarray:
        """Items of each category, shape (categories,), adding up to ``items``."""
        edges = np.rint(np.cumsum(self.shares()) * self.items).astype(np.int64)
        return np.diff(edges, prepend=0)


def load_settings(path: Path | None = None, **instead: Any) -> SimulationSettings:
    """Settings from YAML, or the defaults.

    Args:
        path: The file; the defaults when there is none.
        instead: Settings that go before those of the file.

    Raises:
        SimulationError: The file cannot be read, or a setting is wrong; the message names it.
    """
    source = f"{path}: " if path else ""
    if path and path.exists() and not (path.is_file() or path.is_dir()):
        raise SimulationError(f"{path} is a pipe or a device: write the settings to a file.")
    try:
        content = yaml.safe_load(path.read_text()) if path else {}
        if not isinstance(content or {}, dict):
            raise SimulationError(f"{path} holds no settings: write lines such as `users: 2000`.")
        return SimulationSettings.model_validate((content or {}) | instead)
    except OSError as error:
        raise SimulationError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{part}: " for part in first["loc"])
        raise SimulationError(f"{source}{place}{first['msg'].removeprefix('Value error, ')}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SimulationError(f"{path} is not valid YAML: {str(error).splitlines()[0]}.") from error
