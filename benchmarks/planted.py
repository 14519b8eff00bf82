"""Training data of any size without a warehouse: planted tastes over random text vectors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from python_assets.encoder.data import FOLDS, TrainingData
from python_assets.encoder.pair_file import PairFile

# An item's chance to be reviewed falls with its popularity rank to this power, as in ``simulate``.
POPULARITY_EXPONENT = 0.8
TASTES = 6


def planted_training_data(*, users: int, items: int, pairs_per_user: int, seed: int = 0) -> TrainingData:
    """Pairs that follow six planted tastes, 8 of 10 for training; every user has equally many.

    Args:
        users: Number of users.
        items: Number of items.
        pairs_per_user: Pairs of all folds of a user.
        seed: Seed of everything.
    """
    rng = np.random.default_rng(seed)
    texts = rng.standard_normal((items, 384), dtype=np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    utility = rng.standard_normal((TASTES, 384), dtype=np.float32) @ texts.T
    chance = np.arange(1, items + 1) ** -POPULARITY_EXPONENT
    edges = np.cumsum(chance / chance.sum())
    folds = {fold: PairFile() for fold in FOLDS}
    # Pair after pair for all users, so that any stretch of the file is a random sample.
    for number in range(pairs_per_user):
        user = rng.permutation(users)
        a, b = (np.minimum(np.searchsorted(edges, rng.random(users)), items - 1) for _ in range(2))
        b = np.where(a == b, (b + 1) % items, b)
        swap = utility[user % TASTES, a] < utility[user % TASTES, b]
        rows = np.stack([user, np.where(swap, b, a), np.where(swap, a, b)], axis=1)
        place = number % 10
        folds["test" if place == 9 else "validation" if place == 8 else "train"].append(rows)
    train = sum(number % 10 < 8 for number in range(pairs_per_user))
    return TrainingData(
        user_ids=pa.array([f"u{row:08d}" for row in range(users)]),
        item_ids=pa.array([f"i{row:08d}" for row in range(items)]),
        texts=texts,
        n_train_pairs=np.full(users, train),
        train_hashes=np.arange(users, dtype=np.uint64),
        folds=folds,
    )
