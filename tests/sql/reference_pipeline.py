"""The corpus stage once more, in plain Python with dictionaries and loops: what the SQL models are held against."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple


class Review(NamedTuple):
    """One line of a review file."""

    category: str
    user_id: str
    item_id: str
    rating: float
    reviewed_at: datetime
    line_number: int


class Interaction(NamedTuple):
    """One review in a user's history of a split."""

    split: str
    user_id: str
    item_id: str
    category: str
    rating: float
    position: int
    n_reviews: int
    fold: str


class Pair(NamedTuple):
    """One user's preference of one item over another."""

    split: str
    user_id: str
    preferred_item_id: str
    other_item_id: str
    rating_gap: float
    fold: str


def earliest_reviews(reviews: Iterable[Review]) -> list[Review]:
    """The first review of each category, user and item, by time and then line."""
    kept: dict[tuple[str, str, str], Review] = {}
    for review in sorted(reviews, key=lambda r: (r.reviewed_at, r.line_number)):
        kept.setdefault((review.category, review.user_id, review.item_id), review)
    return list(kept.values())


def peel_core(edges: Iterable[tuple[str, str, str]], k: int) -> set[tuple[str, str, str]]:
    """Drop (category, user) and (category, item) with fewer than k edges, one at a time, until none is left to drop."""
    core = set(edges)
    while True:
        users = Counter((category, user) for category, user, _ in core)
        items = Counter((category, item) for category, _, item in core)
        weak = next((e for e in core if users[e[0], e[1]] < k or items[e[0], e[2]] < k), None)
        if weak is None:
            return core
        if users[weak[0], weak[1]] < k:
            core = {e for e in core if (e[0], e[1]) != (weak[0], weak[1])}
        else:
            core = {e for e in core if (e[0], e[2]) != (weak[0], weak[2])}


def histories(reviews: Sequence[Review], splits: Mapping[str, Sequence[str]]) -> list[Interaction]:
    """Each user's history in each split, numbered and cut into folds."""
    rows = []
    for split, categories in splits.items():
        first: dict[tuple[str, str], Review] = {}
        for review in sorted(reviews, key=lambda r: (r.reviewed_at, r.category)):
            if review.category in categories:
                first.setdefault((review.user_id, review.item_id), review)
        by_user = defaultdict(list)
        for review in first.values():
            by_user[review.user_id].append(review)
        for user, own in by_user.items():
            own.sort(key=lambda r: (r.reviewed_at, r.item_id))
            for position, r in enumerate(own, start=1):
                fold = fold_of(position, len(own))
                rows.append(Interaction(split, user, r.item_id, r.category, r.rating, position, len(own), fold))
    return rows


def fold_of(position: int, n: int) -> str:
    """Train up to floor(8n/10), validation up to floor(9n/10), then test."""
    return "train" if position <= 8 * n // 10 else "validation" if position <= 9 * n // 10 else "test"


def mine_pairs(interactions: Iterable[Interaction], min_gap: float) -> list[Pair]:
    """All pairs of a user's items whose ratings differ by at least the gap."""
    by_user = defaultdict(list)
    for row in interactions:
        by_user[row.split, row.user_id].append(row)
    return [
        Pair(a.split, a.user_id, a.item_id, b.item_id, a.rating - b.rating, max((a, b), key=lambda r: r.position).fold)
        for own in by_user.values()
        for a in own
        for b in own
        if a.rating - b.rating >= min_gap
    ]


def draw_pairs(interactions: Iterable[Interaction], min_gap: float, *, cap: int, seed: int) -> list[Pair]:
    """All pairs of users with no more than the cap; of others one of each of as many strata of the same size."""
    rows = list(interactions)
    ratings = {(row.split, row.user_id, row.item_id): row.rating for row in rows}
    by_user = defaultdict(list)
    for pair in mine_pairs(rows, min_gap):
        by_user[pair.split, pair.user_id].append(pair)

    def place(pair: Pair, item_id: str) -> tuple[float, str]:
        return ratings[pair.split, pair.user_id, item_id], item_id

    drawn = []
    for (_, user_id), own in by_user.items():
        own.sort(key=lambda pair: (place(pair, pair.preferred_item_id), place(pair, pair.other_item_id)))
        strata = min(cap, len(own))
        edges = [stratum * len(own) // strata for stratum in range(strata + 1)]
        for stratum, (first, end) in enumerate(pairwise(edges)):
            digest = hashlib.md5(f"{user_id}|{stratum}|{seed}".encode()).digest()
            drawn.append(own[first + int.from_bytes(digest[8:], "little") % (end - first)])
    return drawn


def popularity_bands(interactions: Iterable[Interaction], *, head: float, torso: float) -> dict[tuple[str, str], str]:
    """The band of each (split, item) by review count rank."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in interactions:
        counts[row.split][row.item_id] += 1
    bands = {}
    for split, items in counts.items():
        ranked = sorted(items, key=lambda item: (-items[item], item))
        head_end, torso_end = round(head * len(ranked)), round((head + torso) * len(ranked))
        for rank, item in enumerate(ranked, start=1):
            bands[split, item] = "head" if rank <= head_end else "torso" if rank <= torso_end else "tail"
    return bands
