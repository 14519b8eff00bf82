"""Planted preferences: taste types, users' mixtures of them, and the way from utility to stars."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from python_assets.seeds import derive_seed
from python_assets.simulate.catalogue import Catalogue
from python_assets.simulate.settings import SimulationSettings
from python_assets.simulate.vocabulary import STYLES

PILOT_PICKS = 50_000


class Tastes(NamedTuple):
    """What all draws of ratings share.

    The expected utility of user u and item i is ``quality[i] + mixture[u] @ appeal[i] + generosity[u]``;
    with the noise added, its variance over picks is 1 and the settings' weights are shares of it.

    Attributes:
        preferences: How much each type likes each style, shape (types, styles).
        appeal: What each type finds in an item, shape (items, types).
        quality: What everybody finds in it, shape (items,).
        noise: Standard deviation of a single rating's noise.
        cuts: Utilities at which the stars change, shape (4,).
    """

    preferences: np.ndarray
    appeal: np.ndarray
    quality: np.ndarray
    noise: float
    cuts: np.ndarray


class Users(NamedTuple):
    """Planted truth of a block of users.

    Attributes:
        taste_type: Main taste type, shape (users,).
        mixture: Weights of the types, rows add up to one, shape (users, types).
        generosity: Part of the utility that is the same for all items, shape (users,).
    """

    taste_type: np.ndarray
    mixture: np.ndarray
    generosity: np.ndarray


def draw_users(settings: SimulationSettings, count: int, rng: np.random.Generator) -> Users:
    """Draw users' tastes: mostly one type, with a touch of the others."""
    taste_type = rng.integers(settings.taste_types, size=count)
    mixture = (1 - settings.taste_purity) * rng.dirichlet(np.ones(settings.taste_types), size=count)
    mixture[np.arange(count), taste_type] += settings.taste_purity
    generosity = np.sqrt(settings.generosity_weight) * rng.standard_normal(count)
    return Users(taste_type, mixture, generosity)


def draw_tastes(settings: SimulationSettings, catalogue: Catalogue) -> Tastes:
    """Draw the types and set all scales by a pilot of random users and picks."""
    rng = np.random.default_rng(derive_seed(settings.seed, "tastes"))
    preferences = type_preferences(settings.taste_types, rng)
    appeal = catalogue.attributes() @ preferences.T
    quality = np.sqrt(settings.quality_weight) * catalogue.quality

    users = draw_users(settings, PILOT_PICKS, rng)
    chance = catalogue.pick_share * settings.shares()[catalogue.category]
    picked = rng.choice(len(chance), size=PILOT_PICKS, p=chance / chance.sum())
    taste = np.einsum("ut,ut->u", users.mixture, appeal[picked])
    scale = np.sqrt(settings.personal_weight) / taste.std()
    noise_weight = 1 - settings.personal_weight - settings.quality_weight - settings.generosity_weight
    noise = float(np.sqrt(max(noise_weight, 0.0)))

    utility = quality[picked] + scale * taste + users.generosity + noise * rng.standard_normal(PILOT_PICKS)
    cuts = np.quantile(utility, np.cumsum(settings.star_shares)[:4])
    return Tastes(scale * preferences, scale * appeal, quality, noise, cuts)


def type_preferences(types: int, rng: np.random.Generator) -> np.ndarray:
    """Likes and dislikes of each type, shape (types, styles).

    Each type's preferences add up to zero, and so do the preferences for each style over the types:
    no style is better for everyone. Up to as many types as styles, all are equally far apart.
    """
    draw = rng.standard_normal((types, len(STYLES)))
    draw -= draw.mean(axis=0)
    draw -= draw.mean(axis=1, keepdims=True)
    left, _, right = np.linalg.svd(draw, full_matrices=False)
    rank = min(types, len(STYLES)) - 1
    return left[:, :rank] @ right[:rank]


def rate(tastes: Tastes, users: Users, owner: np.ndarray, item: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stars that users give to items.

    Args:
        tastes: Shared scales.
        users: The block of users.
        owner: Index of the reviewing user in the block, shape (reviews,).
        item: Index of the reviewed item, shape (reviews,).
        rng: Noise of the single ratings.

    Returns:
        Ratings 1 to 5, shape (reviews,).
    """
    utility = tastes.quality[item] + np.einsum("rt,rt->r", users.mixture[owner], tastes.appeal[item])
    utility += users.generosity[owner] + tastes.noise * rng.standard_normal(len(item))
    return np.searchsorted(tastes.cuts, utility, side="right") + 1
