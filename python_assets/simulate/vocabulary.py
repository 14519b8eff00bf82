"""Words of a category: what its products are called and how each style shows in their text.

The styles are the same in every category, so that a taste carries over from one to another; the words
differ. They are plain words, so that a sentence encoder can read an item's style from its text.
"""

from __future__ import annotations

from typing import NamedTuple

STYLES = ("natural", "vintage", "minimalist", "luxury", "playful", "professional", "gentle", "bold")


class Family(NamedTuple):
    """A shelf of similar products; a title joins one word of each list."""

    name: str
    kinds: tuple[str, ...]
    accent_label: str
    accents: tuple[str, ...]
    sizes: tuple[str, ...]
    prices: tuple[float, float]


class StyleWords(NamedTuple):
    """How one style shows in a category's titles, descriptions, bullets and reviews."""

    adjectives: tuple[str, ...]
    leads: tuple[str, ...]
    also: str
    bullet: str
    looks: tuple[str, ...]


class CategoryWords(NamedTuple):
    """All words of one category."""

    main_category: str
    families: tuple[Family, ...]
    uses: tuple[str, ...]
    styles: dict[str, StyleWords]


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a list that is separated by semicolons."""
    return tuple(phrase.strip() for phrase in text.split(";"))


BRAND_FIRST = phrases(
    "Calm; Silver; North; Amber; Cedar; Cobalt; Copper; Harbor; Maple; Winter; Saffron; Granite; Indigo; River; "
    "Stone; Marigold; Hollow; Bright; Juniper; Coral; Lantern; Willow; Summit; Pearl"
)
BRAND_SECOND = phrases(
    "Meadow; Fern; Bay; Lane; Works; Field; Garden; Bridge; House; Orchard; Studio; Creek; Grove; Supply; Cottage; "
    "Finch; Company; Row; Market; Hill"
)


def brand_name(index: int) -> str:
    """One of the invented brands; indices wrap around."""
    first, second = divmod(index % brand_count(), len(BRAND_SECOND))
    return f"{BRAND_FIRST[first]} {BRAND_SECOND[second]}"


def brand_count() -> int:
    """How many brands there are."""
    return len(BRAND_FIRST) * len(BRAND_SECOND)
