"""A tiny planted corpus: users of a few types, whose types order items by a direction in text space."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from python_assets.encoder.data import TrainingData
from python_assets.encoder.pair_file import PairFile


class Planted(NamedTuple):
    """Training data and the taste type of each user."""

    data: TrainingData
    types: np.ndarray


def planted_corpus(*, users: int = 60, items: int = 50, pairs: int = 3000, types: int = 3, seed: int = 0) -> Planted:
    """Pairs that follow each user's type without noise, cut 80/10/10."""
    rng = np.random.default_rng(seed)
    texts = rng.normal(size=(items, 384)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    type_of = np.arange(users) % types
    utility = rng.normal(size=(types, 384))[type_of] @ texts.T
    user, a, b = rng.integers(0, users, pairs), rng.integers(0, items, pairs), rng.integers(0, items, pairs)
    swap = utility[user, a] < utility[user, b]
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    cuts = np.split(np.arange(pairs), [int(0.8 * pairs), int(0.9 * pairs)])
    folds = {
        name: PairFile.of(user[cut], a[cut], b[cut])
        for name, cut in zip(("train", "validation", "test"), cuts, strict=True)
    }
    ids = pa.array([f"u{row:04d}" for row in range(users)])
    counts = np.bincount(user[cuts[0]], minlength=users)
    item_ids, hashes = pa.array([f"i{row:04d}" for row in range(items)]), np.arange(users, dtype=np.uint64)
    return Planted(TrainingData(ids, item_ids, texts, counts, hashes, folds), type_of)


def with_silent_users(data: TrainingData, count: int) -> TrainingData:
    """The corpus and users after all others who have no pair."""
    return data._replace(
        user_ids=pa.array([*data.user_ids.to_pylist(), *(f"v{number:04d}" for number in range(count))]),
        n_train_pairs=np.concatenate([data.n_train_pairs, np.zeros(count, dtype=int)]),
        train_hashes=np.concatenate([data.train_hashes, np.zeros(count, dtype=np.uint64)]),
    )
