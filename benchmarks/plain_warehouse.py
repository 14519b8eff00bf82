"""The corpus once more in pandas: earliest reviews, k-core, histories with folds, preference pairs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd


def plain_corpus(files: Mapping[str, Path], splits: Mapping[str, Sequence[str]], *, core: int = 5) -> tuple[int, int]:
    """Read each category's JSON lines and make every split's interactions and pairs.

    Returns:
        Numbers of interactions and of pairs.
    """
    cores = {category: peel(earliest(read_reviews(path)), core) for category, path in files.items()}
    n_interactions = n_pairs = 0
    for members in splits.values():
        histories = history(pd.concat([cores[name].assign(category=name) for name in members]))
        n_interactions += len(histories)
        n_pairs += len(pairs_of(histories))
    return n_interactions, n_pairs


def read_reviews(path: Path) -> pd.DataFrame:
    """User, item, rating and time of the lines that can be read."""
    rows = []
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                row = json.loads(line)
                rows.append((row["user_id"], row["parent_asin"], float(row["rating"]), int(row["timestamp"])))
            except (ValueError, KeyError, TypeError):
                continue
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "reviewed_at"])


def earliest(reviews: pd.DataFrame) -> pd.DataFrame:
    """A user's earliest review of an item."""
    return reviews.sort_values("reviewed_at", kind="stable").drop_duplicates(["user_id", "item_id"])


def peel(reviews: pd.DataFrame, k: int) -> pd.DataFrame:
    """Users and items with at least k reviews, to the fixed point."""
    while True:
        users = reviews.groupby("user_id")["rating"].transform("size")
        items = reviews.groupby("item_id")["rating"].transform("size")
        kept = reviews[(users >= k) & (items >= k)]
        if len(kept) == len(reviews):
            return kept
        reviews = kept


def history(reviews: pd.DataFrame) -> pd.DataFrame:
    """Positions and folds 80/10/10."""
    rows = reviews.sort_values(["reviewed_at", "category"]).drop_duplicates(["user_id", "item_id"])
    rows = rows.sort_values(["user_id", "reviewed_at", "item_id"])
    position = rows.groupby("user_id").cumcount() + 1
    n = rows.groupby("user_id")["rating"].transform("size")
    fold = np.select([position <= 8 * n // 10, position <= 9 * n // 10], [0, 1], 2)
    return rows.assign(position=position, fold=fold)


def pairs_of(histories: pd.DataFrame, min_gap: float = 1.0) -> pd.DataFrame:
    """Every pair of a user's items with enough of a gap, in the later item's fold."""
    narrow = histories[["user_id", "item_id", "rating", "position", "fold"]]
    both = narrow.merge(narrow, on="user_id", suffixes=("", "_other"))
    both = both[both["rating"] - both["rating_other"] >= min_gap]
    return both.assign(fold=both[["fold", "fold_other"]].max(axis=1))
