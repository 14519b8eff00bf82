"""The planted truth as Parquet, so that what is learned can be held against it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from python_assets.simulate.blocks import Block, World
from python_assets.simulate.vocabulary import STYLES
from python_assets.simulate.words import words_of

USERS_FILE = "planted_users.parquet"
ITEMS_FILE = "planted_items.parquet"

USERS_SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("taste_type", pa.int32()),
        ("mixture", pa.list_(pa.float64())),
        ("generosity", pa.float64()),
        ("categories", pa.list_(pa.string())),
        ("n_items", pa.int32()),
    ]
)
"""``mixture`` weighs the taste types; ``n_items`` counts the items the user reviewed."""

ITEMS_SCHEMA = pa.schema(
    [
        ("category", pa.string()),
        ("item_id", pa.string()),
        ("kind", pa.string()),
        ("primary_style", pa.string()),
        ("secondary_style", pa.string()),
        ("attributes", pa.list_(pa.float64())),
        ("quality", pa.float64()),
        ("appeal", pa.list_(pa.float64())),
        ("pick_share", pa.float64()),
    ]
)
"""The expected utility is ``quality + mixture @ appeal + generosity``; ``attributes`` has one entry a style."""


def users_table(world: World, block: Block) -> pa.Table:
    """Planted truth of a block of users, columns as ``USERS_SCHEMA``."""
    names = np.array([name for name, _ in world.settings.categories], dtype=object)
    first_reviews = block.histories.owner[~block.histories.rereview]
    columns = [
        pa.array(block.user_ids),
        pa.array(block.users.taste_type, pa.int32()),
        pa.array(block.users.mixture.tolist(), pa.list_(pa.float64())),
        pa.array(block.users.generosity),
        pa.array([names[row].tolist() for row in block.histories.memberships]),
        pa.array(np.bincount(first_reviews, minlength=len(block.user_ids)), pa.int32()),
    ]
    return pa.Table.from_arrays(columns, schema=USERS_SCHEMA)


def items_table(world: World) -> pa.Table:
    """Planted truth of all items, columns as ``ITEMS_SCHEMA``."""
    catalogue, tastes = world.catalogue, world.tastes
    names = [name for name, _ in world.settings.categories]
    families = [words_of(name).families for name in names]
    places = zip(catalogue.category.tolist(), catalogue.family.tolist(), catalogue.kind.tolist(), strict=True)
    columns = [
        pa.array([names[category] for category in catalogue.category.tolist()]),
        pa.array(catalogue.ids),
        pa.array([families[category][family].kinds[kind] for category, family, kind in places]),
        pa.array([STYLES[style] for style in catalogue.primary.tolist()]),
        pa.array([STYLES[style] for style in catalogue.secondary.tolist()]),
        pa.array(catalogue.attributes().tolist(), pa.list_(pa.float64())),
        pa.array(tastes.quality),
        pa.array(tastes.appeal.tolist(), pa.list_(pa.float64())),
        pa.array(catalogue.pick_share),
    ]
    return pa.Table.from_arrays(columns, schema=ITEMS_SCHEMA)
