"""The corpus once more in pandas: earliest reviews, k-core, histories with folds, preference pairs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

NARROW = ["user_id", "item_id", "rating", "reviewed_at"]


def plain_corpus(
    files: Mapping[str, Path], splits: Mapping[str, Sequence[str]], *, folder: Path | None = None, core: int = 5
) -> tuple[int, int]:
    """Read each category's JSON lines and make every split's interactions and pairs.

    Args:
        files: Reviews of each category.
        splits: Categories of each split.
        folder: Where every table is kept, as Parquet and with titles and texts; None keeps nothing and reads no texts.
        core: k of the k-core.

    Returns:
        Numbers of interactions and of pairs.
    """
    cores = {}
    for category, path in files.items():
        reviews = read_reviews(path, texts=folder is not None)
        keep(reviews, folder, f"reviews_{category}")
        first = earliest(reviews[NARROW])
        keep(first, folder, f"earliest_{category}")
        cores[category] = peel(first, core)
        keep(cores[category], folder, f"core_{category}")
    n_interactions = n_pairs = 0
    for split, members in splits.items():
        histories = history(pd.concat([cores[name].assign(category=name) for name in members]))
        keep(histories, folder, f"interactions_{split}")
        pairs = pairs_of(histories)
        keep(pairs, folder, f"pairs_{split}")
        n_interactions += len(histories)
        n_pairs += len(pairs)
    return n_interactions, n_pairs


def keep(table: pd.DataFrame, folder: Path | None, name: str) -> None:
    """Write a table."""
    if folder is not None:
        table.to_parquet(folder / f"{name}.parquet", index=False)


def read_reviews(path: Path, *, texts: bool = False) -> pd.DataFrame:
    """User, item, rating and time of the lines that can be read; title and text where they are wanted."""
    rows = []
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                row = json.loads(line)
                fields = (row["user_id"], row["parent_asin"], float(row["rating"]), int(row["timestamp"]))
            except (ValueError, KeyError, TypeError):
                continue
            rows.append((*fields, row.get("title"), row.get("text")) if texts else fields)
    return pd.DataFrame(rows, columns=[*NARROW, *(("title", "text") if texts else ())])


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
