"""The items: what each one is, which styles it has, and how often it is picked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from python_assets.seeds import derive_seed
from python_assets.simulate.identifiers import item_ids
from python_assets.simulate.settings import SimulationSettings
from python_assets.simulate.vocabulary import STYLES, brand_count
from python_assets.simulate.words import words_of

SECONDARY_STRENGTH = 0.5


class Catalogue(NamedTuple):
    """Items of all categories, category after category.

    Attributes:
        ids: Item ids, length I.
        category: Index of the item's category, shape (I,).
        offsets: First item of each category and one past the last, shape (categories + 1,).
        family, kind: Indices into the category's families and the family's kinds, shape (I,).
        primary, secondary: Indices into ``STYLES``, always two different ones, shape (I,).
        brand: Index of the invented brand, shape (I,).
        quality: What all users agree on; mean 0 and variance 1 over picks, shape (I,).
        pick_share: Chance that a pick in its category falls on this item, shape (I,).
    """

    ids: list[str]
    category: np.ndarray
    offsets: np.ndarray
    family: np.ndarray
    kind: np.ndarray
    primary: np.ndarray
    secondary: np.ndarray
    brand: np.ndarray
    quality: np.ndarray
    pick_share: np.ndarray

    def attributes(self) -> np.ndarray:
        """How much of each style an item has, shape (I, styles)."""
        matrix = np.zeros((len(self.ids), len(STYLES)))
        rows = np.arange(len(self.ids))
        matrix[rows, self.primary] = 1.0
        matrix[rows, self.secondary] = SECONDARY_STRENGTH
        return matrix

    def slices(self) -> Iterator[slice]:
        """The items of each category."""
        for start, stop in pairwise(self.offsets):
            yield slice(int(start), int(stop))


def draw_catalogue(settings: SimulationSettings) -> Catalogue:
    """Draw the items.

    Half of an item's quality belongs to its kind of product and can be read from its text; the other
    half is its own. Popularity has nothing to do with quality or style.
    """
    rng = np.random.default_rng(derive_seed(settings.seed, "catalogue"))
    counts = settings.items_per_category()
    total = int(counts.sum())
    category = np.repeat(np.arange(len(counts)), counts)
    offsets = np.concatenate([[0], np.cumsum(counts)])

    n_families = np.array([len(words_of(name).families) for name, _ in settings.categories])
    n_kinds = np.array([len(words_of(name).families[0].kinds) for name, _ in settings.categories])
    family = (rng.random(total) * n_families[category]).astype(np.int64)
    kind = (rng.random(total) * n_kinds[category]).astype(np.int64)
    primary = rng.integers(len(STYLES), size=total)
    secondary = (primary + rng.integers(1, len(STYLES), size=total)) % len(STYLES)

    kind_effect = rng.standard_normal((len(counts), n_families.max(), n_kinds.max()))
    quality = kind_effect[category, family, kind] + rng.standard_normal(total)
    pick_share = np.empty(total)
    for start, stop in pairwise(offsets):
        rank = rng.permutation(stop - start) + 1.0
        share = rank**-settings.popularity_exponent
        share /= share.sum()
        pick_share[start:stop] = share
        centred = quality[start:stop] - share @ quality[start:stop]
        quality[start:stop] = centred / np.sqrt(share @ centred**2)
    return Catalogue(
        ids=item_ids(settings.seed, total),
        category=category,
        offsets=offsets,
        family=family,
        kind=kind,
        primary=primary,
        secondary=secondary,
        brand=rng.integers(brand_count(), size=total),
        quality=quality,
        pick_share=pick_share,
    )
