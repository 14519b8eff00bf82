"""A block of users: the unit in which a corpus is simulated, so that memory does not grow with its size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from python_assets.simulate.catalogue import Catalogue, draw_catalogue
from python_assets.simulate.histories import Histories, draw_histories
from python_assets.simulate.identifiers import user_id
from python_assets.simulate.settings import SimulationSettings
from python_assets.simulate.tastes import Tastes, Users, draw_tastes, draw_users, rate

BLOCK_USERS = 1_000
"""Users of a block. Each block has its own seed, so another number gives another corpus."""


class World(NamedTuple):
    """What all blocks share."""

    settings: SimulationSettings
    catalogue: Catalogue
    tastes: Tastes


class Block(NamedTuple):
    """Some users and all their reviews; ``ratings`` goes with the entries of ``histories``."""

    user_ids: list[str]
    users: Users
    histories: Histories
    ratings: np.ndarray


def draw_world(settings: SimulationSettings) -> World:
    """Draw items and taste types."""
    catalogue = draw_catalogue(settings)
    return World(settings, catalogue, draw_tastes(settings, catalogue))


def draw_block(world: World, index: int, rng: np.random.Generator) -> Block:
    """Draw the users of one block, what they review, and their stars."""
    settings = world.settings
    first = index * BLOCK_USERS
    ids = [user_id(settings.seed, user) for user in range(first, min(first + BLOCK_USERS, settings.users))]
    users = draw_users(settings, len(ids), rng)
    histories = draw_histories(settings, world.catalogue, len(ids), rng)
    return Block(ids, users, histories, rate(world.tastes, users, histories.owner, histories.item, rng))
