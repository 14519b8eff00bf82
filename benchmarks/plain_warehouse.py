"""The steps of ingest and SQL once more in pandas: files to checked reviews, corpus, pairs, item texts, grounding; all kept as Parquet."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.plain_items import grounding, item_texts

KEY = ["user_id", "item_id", "reviewed_at"]
FIRST_SECOND, END_SECOND = 788_918_400, 4_102_444_800


def plain_warehouse(
    reviews: Mapping[str, Path],
    items: Mapping[str, Path],
    splits: Mapping[str, Sequence[str]],
    *,
    folder: Path,
    core: int = 5,
    min_reviews: int = 10,
    seed_users: int = 500,
) -> tuple[int, int]:
    """Read each category's files and make every split's tables.

    Args:
        reviews: Review file of each category.
        items: Item file of each category.
        splits: Categories of each split.
        folder: Where every table is kept.
        core: k of the k-core.
        min_reviews: Least reviews of a seed user.
        seed_users: Seed users whose evidence is written out.

    Returns:
        Numbers of interactions and of pairs.
    """

    def keep(table: pd.DataFrame, name: str) -> None:
        table.to_parquet(folder / f"{name}.parquet", index=False)

    raw, texts, cores = {}, {}, {}
    for category, path in reviews.items():
        raw[category], rejected = read_lines(path, review_of, KEY)
        keep(raw[category], f"reviews_{category}")
        keep(rejected, f"rejected_reviews_{category}")
        listed, rejected = read_lines(items[category], item_of, ["item_id"])
        keep(rejected, f"rejected_items_{category}")
        first = earliest(raw[category][[*KEY, "rating", "line_number"]])
        keep(first, f"earliest_{category}")
        texts[category] = item_texts(first["item_id"].unique(), listed, category)
        keep(texts[category], f"items_{category}")
        cores[category] = peel(first, core)
        keep(cores[category], f"core_{category}")
    n_interactions = n_pairs = 0
    for split, members in splits.items():
        histories = history(pd.concat([cores[name].assign(category=name) for name in members]))
        keep(histories, f"interactions_{split}")
        pairs = pairs_of(histories)
        keep(pairs, f"pairs_{split}")
        users = users_of(histories, pairs)
        keep(users, f"users_{split}")
        keep(bands_of(histories), f"bands_{split}")
        seeds = seed_order(users, min_reviews).head(seed_users)
        keep(grounding(histories, seeds, raw, texts), f"grounding_{split}")
        n_interactions += len(histories)
        n_pairs += len(pairs)
    return n_interactions, n_pairs


def read_lines(
    path: Path, parse: Callable[[dict[str, Any]], str | tuple[Any, ...]], key: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Checked rows, the last of each key, and the lines that were refused with their number and reason."""
    with path.open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    rows, rejected = [], []
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                found = parse(json.loads(line))
            except (ValueError, AttributeError):
                found = "not valid JSON"
            if isinstance(found, str):
                rejected.append((number, found, line[:200]))
            else:
                rows.append((*found, number))
    columns = [*(COLUMNS if parse is review_of else ITEM_COLUMNS), "line_number"]
    frame = pd.DataFrame(rows, columns=columns).drop_duplicates(key, keep="last")
    return frame, pd.DataFrame(rejected, columns=["line_number", "reason", "excerpt"])


COLUMNS = [*KEY, "rating", "title", "text"]
ITEM_COLUMNS = ["item_id", "title", "description", "features", "brand", "path"]


def review_of(row: dict[str, Any]) -> str | tuple[Any, ...]:
    """A review's fields, or why the line is refused."""
    user, item = row.get("user_id"), row.get("parent_asin")
    if not isinstance(user, str) or not user.strip():
        return "user id is missing, empty or not text"
    if not isinstance(item, str) or not item.strip():
        return "item id is missing, empty or not text"
    try:
        rating, time = float(row["rating"]), float(row["timestamp"])
    except (KeyError, TypeError, ValueError):
        return "rating or timestamp is no number"
    if not 1 <= rating <= 5:
        return "rating is outside 1 to 5"
    if FIRST_SECOND <= time < END_SECOND:
        time *= 1000
    if not FIRST_SECOND * 1000 <= time < END_SECOND * 1000:
        return "timestamp is not between the years 1995 and 2100"
    return user.strip(), item.strip(), int(time), rating, _clean(row.get("title")), _clean(row.get("text"))


def item_of(row: dict[str, Any]) -> str | tuple[Any, ...]:
    """An item's fields, or why the line is refused."""
    item, details = row.get("parent_asin"), row.get("details")
    if not isinstance(item, str) or not item.strip():
        return "item id is missing, empty or not text"
    brand = details.get("Brand") if isinstance(details, dict) else None
    description, features = ("\n".join(row.get(name) or []) for name in ("description", "features"))
    return item.strip(), row.get("title"), description, features, brand or row.get("store"), row.get("categories") or []


def _clean(text: object) -> str | None:
    return text.replace("\0", "")[:100_000] if isinstance(text, str) else None


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


def users_of(histories: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Reviews and pairs of each user, in all and in training."""
    grouped = histories.groupby("user_id")
    users = pd.DataFrame({"n_reviews": grouped.size(), "mean_rating": grouped["rating"].mean()})
    users["n_train_reviews"] = histories[histories["fold"] == 0].groupby("user_id").size()
    users["n_pairs"] = pairs.groupby("user_id").size()
    users["n_train_pairs"] = pairs[pairs["fold"] == 0].groupby("user_id").size()
    return users.fillna(0).reset_index()


def bands_of(histories: pd.DataFrame) -> pd.DataFrame:
    """Items by popularity: a fifth head, two fifths torso, the rest tail."""
    items = histories.groupby("item_id").size().rename("n_reviews").reset_index()
    items = items.sort_values(["n_reviews", "item_id"], ascending=[False, True])
    rank = np.arange(1, len(items) + 1)
    n = len(items)
    return items.assign(band=np.select([rank <= round(0.2 * n), rank <= round(0.6 * n)], ["head", "torso"], "tail"))


def seed_order(users: pd.DataFrame, min_reviews: int) -> pd.DataFrame:
    """Users with enough reviews, in the order of a hash."""
    enough = users[users["n_reviews"] >= min_reviews]
    hashes = [hashlib.md5(f"{user}|42".encode()).hexdigest() for user in enough["user_id"]]
    return enough.assign(order=hashes).sort_values(["order", "user_id"])
