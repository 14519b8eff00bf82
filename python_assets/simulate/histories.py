"""Who reviews what, and when: the histories of one block of users."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from python_assets.simulate.catalogue import Catalogue
from python_assets.simulate.settings import SimulationSettings

DAY_MS = 86_400_000
_DRAW_ROUNDS = 30


class Histories(NamedTuple):
    """Reviews of a block, ordered by user and time; one entry a review.

    Attributes:
        owner: Index of the user in the block.
        item: Index of the item in the catalogue.
        time: Milliseconds since 1970.
        rereview: Whether this user has reviewed the item before.
        tied: Whether the timestamp is that of the user's review before.
        memberships: Categories in which each user is active, shape (users, categories).
    """

    owner: np.ndarray
    item: np.ndarray
    time: np.ndarray
    rereview: np.ndarray
    tied: np.ndarray
    memberships: np.ndarray


def draw_histories(
    settings: SimulationSettings, catalogue: Catalogue, users: int, rng: np.random.Generator
) -> Histories:
    """Draw the histories of a block.

    Args:
        settings: The corpus.
        catalogue: Items to pick from.
        users: How many users.
        rng: This block's draws.
    """
    memberships = _draw_memberships(settings, users, rng)
    counts = _draw_counts(settings, memberships, rng)
    picks = [
        _pick_items(np.minimum(counts[:, index], (part.stop - part.start) // 2), catalogue.pick_share[part], rng)
        for index, part in enumerate(catalogue.slices())
    ]
    owner = np.concatenate([owners for owners, _ in picks])
    item = np.concatenate([items + start for (_, items), start in zip(picks, catalogue.offsets, strict=False)])

    first_ms, last_ms = _milliseconds(settings)
    join = first_ms + rng.random(users) * 0.6 * (last_ms - first_ms)
    time = (join[owner] + rng.random(len(owner)) * (last_ms - join[owner])).astype(np.int64)
    order = np.lexsort((item, time, owner))
    owner, item, time = owner[order], item[order], time[order]
    tied = (rng.random(len(owner)) < settings.tie_share) & (np.diff(owner, prepend=-1) == 0)
    # A run of ties takes the time of the last review before the run.
    source = np.maximum.accumulate(np.where(tied, 0, np.arange(len(owner))))
    time = time[source]

    again = rng.random(len(owner)) < settings.rereview_share
    later = time[again] + DAY_MS // 2 + (rng.random(int(again.sum())) * (last_ms - time[again])).astype(np.int64)
    rereview = np.concatenate([np.zeros(len(owner), dtype=bool), np.ones(len(later), dtype=bool)])
    owner, item = np.concatenate([owner, owner[again]]), np.concatenate([item, item[again]])
    tied, time = np.concatenate([tied, np.zeros(len(later), dtype=bool)]), np.concatenate([time, later])
    order = np.lexsort((item, time, owner))
    return Histories(owner[order], item[order], time[order], rereview[order], tied[order], memberships)


def _milliseconds(settings: SimulationSettings) -> tuple[int, int]:
    """First and last time of a first review; a day before the end, so that a second one fits."""
    first, last = (np.datetime64(day, "ms").astype(np.int64) for day in (settings.start, settings.end))
    return int(first), int(last) - DAY_MS


def _draw_memberships(settings: SimulationSettings, users: int, rng: np.random.Generator) -> np.ndarray:
    """Categories of each user, without replacement by their shares; shape (users, categories)."""
    keys = np.log(settings.shares()) + rng.gumbel(size=(users, len(settings.categories)))
    place = np.argsort(np.argsort(-keys, axis=1), axis=1)
    crosses = rng.random(users) < settings.cross_category_share
    wanted = 1 + crosses + (crosses & (rng.random(users) < 0.2))
    return place < wanted[:, None]


def _draw_counts(settings: SimulationSettings, memberships: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Items reviewed by each user in each category, shape (users, categories): a Lomax draw above the least."""
    excess = settings.mean_reviews / settings.memberships_per_user - settings.min_reviews
    tail = settings.activity_exponent
    draw = excess * (tail - 1) * rng.pareto(tail, size=memberships.shape)
    # Rounding up or down at random keeps the mean.
    counts = settings.min_reviews + np.floor(draw + rng.random(memberships.shape)).astype(np.int64)
    return np.where(memberships, counts, 0)


def _pick_items(counts: np.ndarray, share: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Distinct items for each user, drawn by popularity.

    Args:
        counts: Items wanted, at most half of the category's, shape (users,).
        share: Chance of each item, shape (items,).
        rng: Draws.

    Returns:
        User and item of each pick, both of shape (sum of counts,), ordered by user and item.
    """
    edges = np.cumsum(share)
    edges[-1] = 1.0
    chosen = np.empty(0, dtype=np.int64)
    missing = counts.copy()
    for _ in range(_DRAW_ROUNDS):
        if not missing.any():
            break
        owners = np.repeat(np.arange(len(counts)), missing)
        items = np.searchsorted(edges, rng.random(len(owners)), side="right")
        chosen = np.unique(np.concatenate([chosen, owners * len(share) + items]))
        missing = counts - np.bincount(chosen // len(share), minlength=len(counts))
    by_popularity = np.argsort(-share, kind="stable")
    for user in np.flatnonzero(missing):
        # Someone who has drawn all popular items of a small category takes the next most popular ones.
        taken = chosen[chosen // len(share) == user] % len(share)
        rest = by_popularity[~np.isin(by_popularity, taken)][: missing[user]]
        chosen = np.concatenate([chosen, user * len(share) + rest])
    chosen.sort()
    return chosen // len(share), chosen % len(share)
