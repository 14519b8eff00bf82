"""Item metadata: readable titles and descriptions that show an item's styles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from python_assets.seeds import derive_seed
from python_assets.simulate.blocks import World
from python_assets.simulate.vocabulary import STYLES, CategoryWords, brand_name
from python_assets.simulate.words import words_of

TITLE_FORMS = (
    "{adjective} {kind} {accent}, {size}, by {brand}",
    "{brand} {adjective} {kind} {accent}, {size}",
    "{brand} {kind} {accent} - {adjective}, {size}",
    "{adjective} {kind} by {brand}, {accent}, {size}",
)
NO_PRICE_SHARE = 0.2


def metadata_lines(world: World, category: int, rating_sum: np.ndarray, rating_count: np.ndarray) -> Iterator[str]:
    """JSON lines of one category's items; no title is there twice.

    Args:
        world: Items and taste types.
        category: Index of the category.
        rating_sum, rating_count: Stars and number of an item's reviews, shape (items,).
    """
    name = world.settings.categories[category][0]
    words = words_of(name)
    rng = np.random.default_rng(derive_seed(world.settings.seed, "metadata", name))
    start, stop = (int(edge) for edge in world.catalogue.offsets[category : category + 2])
    titles: Counter[str] = Counter()
    for item, choice in zip(range(start, stop), rng.integers(2**31, size=(stop - start, 9)).tolist(), strict=True):
        line = _describe(world, words, item, choice)
        titles[line["title"]] += 1
        if titles[line["title"]] > 1:
            line["title"] += f" (No. {titles[line['title']]})"
        count = int(rating_count[item])
        line["average_rating"] = round(float(rating_sum[item]) / count, 1) if count else None
        line["rating_number"] = count
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _describe(world: World, words: CategoryWords, item: int, choice: list[int]) -> dict[str, Any]:
    """All of an item's metadata except its ratings; ``choice`` picks the words."""
    catalogue = world.catalogue
    family = words.families[catalogue.family[item]]
    kind, brand = family.kinds[catalogue.kind[item]], brand_name(int(catalogue.brand[item]))
    first, second = (words.styles[STYLES[style[item]]] for style in (catalogue.primary, catalogue.secondary))
    accent, size = _pick(family.accents, choice[0]), _pick(family.sizes, choice[1])
    title = _pick(TITLE_FORMS, choice[2]).format(
        adjective=_pick(first.adjectives, choice[3]), kind=kind, accent=accent, size=size, brand=brand
    )
    description = [_pick(first.leads, choice[4]).format(kind=kind.lower()), second.also, _pick(words.uses, choice[5])]
    low, high = family.prices
    price = round(low + (choice[7] / 2**31) ** 2 * (high - low)) - 0.01
    return {
        "main_category": words.main_category,
        "title": title,
        "features": [first.bullet, second.bullet, f"Comes {accent}, {size}"],
        "description": [" ".join(description[: 2 + choice[6] % 2])],
        "price": None if choice[8] / 2**31 < NO_PRICE_SHARE else price,
        "images": [],
        "videos": [],
        "store": brand,
        "categories": [words.main_category, family.name, kind],
        "details": {"Brand": brand, family.accent_label: accent.split(" ", 1)[1], "Size": size},
        "parent_asin": catalogue.ids[item],
        "bought_together": None,
    }


def _pick(options: tuple[str, ...], choice: int) -> str:
    return options[choice % len(options)]
