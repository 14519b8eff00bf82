"""Review lines: text that agrees with the rating, and says which style earned or cost the stars."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np

from python_assets.simulate import review_words
from python_assets.simulate.blocks import Block, World
from python_assets.simulate.vocabulary import STYLES
from python_assets.simulate.words import words_of

_LINE = (
    '{"rating": %d.0, "title": "%s", "text": "%s", "images": [], "asin": "%s", "parent_asin": "%s", '
    '"user_id": "%s", "timestamp": %d, "helpful_vote": %d, "verified_purchase": %s}\n'
)


class ItemWords(NamedTuple):
    """What reviews say about items, ready to be put into a line.

    Attributes:
        kinds: Kind of product in lower case, one an item.
        looks: For each category, the phrases of each style.
    """

    kinds: list[str]
    looks: list[list[tuple[str, ...]]]


def item_words(world: World) -> ItemWords:
    """The words of all items; strings are shared between items."""
    catalogue = world.catalogue
    words = [words_of(name) for name, _ in world.settings.categories]
    kinds = [[[_escape(kind.lower()) for kind in family.kinds] for family in each.families] for each in words]
    looks = [[tuple(map(_escape, each.styles[style].looks)) for style in STYLES] for each in words]
    places = zip(catalogue.category.tolist(), catalogue.family.tolist(), catalogue.kind.tolist(), strict=True)
    return ItemWords([kinds[category][family][kind] for category, family, kind in places], looks)


def mentioned_styles(world: World, block: Block) -> tuple[np.ndarray, np.ndarray]:
    """The style a review speaks of: the better liked of the item's two after 3 stars or more, else the other.

    Returns:
        Style index and whether the user likes it, both of shape (reviews,).
    """
    owner, item = block.histories.owner, block.histories.item
    liking = block.users.mixture @ world.tastes.preferences
    primary, secondary = world.catalogue.primary[item], world.catalogue.secondary[item]
    primary_liking, secondary_liking = liking[owner, primary], liking[owner, secondary]
    take_primary = (primary_liking >= secondary_liking) == (block.ratings >= 3)
    style = np.where(take_primary, primary, secondary)
    return style, np.where(take_primary, primary_liking, secondary_liking) > 0


def review_lines(world: World, words: ItemWords, block: Block, rng: np.random.Generator) -> list[str]:
    """One JSON line a review, in the order of the block's histories.

    Args:
        world: Items and taste types.
        words: What is said about the items.
        block: Users, histories and ratings.
        rng: Draws of the wording.
    """
    item_ids, histories, count = world.catalogue.ids, block.histories, len(block.ratings)
    category = world.catalogue.category[histories.item]
    columns = (
        histories.owner,
        histories.item,
        histories.time,
        block.ratings,
        category,
        *mentioned_styles(world, block),
    )
    choices = rng.integers(2**31, size=(count, 4)).tolist()
    lengths = rng.integers(1, world.settings.max_sentences + 1, size=count).tolist()
    helpful = (rng.geometric(0.6, size=count) - 1).tolist()
    verified = np.where(rng.random(count) < 0.92, "true", "false").tolist()
    lines = []
    for row, values in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        owner, item, time, rating, shelf, style, liked = values
        kind, choice = words.kinds[item], choices[row]
        title = _pick(review_words.TITLES[rating], choice[0]).replace("{kind}", kind)
        text = _pick(review_words.OPENERS[rating], choice[1]).replace("{kind}", kind)
        if lengths[row] > 1:
            look = _pick(words.looks[shelf][style], choice[0])
            text += " " + _second_sentence(rating, liked, choice[2]).replace("{look}", look)
        if lengths[row] > 2:
            text += " " + _pick(review_words.CLOSERS[rating], choice[3])
        ids = (item_ids[item], item_ids[item], block.user_ids[owner])
        lines.append(_LINE % (rating, title, text, *ids, time, helpful[row], verified[row]))
    return lines


def _second_sentence(rating: int, liked: bool, choice: int) -> str:
    """About the style where the user's taste explains the stars, else about the workmanship."""
    looks = review_words.LIKED_LOOKS if liked else review_words.DISLIKED_LOOKS
    return _pick(looks.get(rating, review_words.WORKMANSHIP[rating]), choice)


def _pick(options: tuple[str, ...], choice: int) -> str:
    return options[choice % len(options)]


def _escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
