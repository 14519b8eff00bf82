"""What training reads: integer-coded pairs, users, and item text vectors of one split."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from python_assets.warehouse import Warehouse, to_matrix

ITEMS = """
    select items.item_id, embeddings.embedding
    from corpus.items as items
    inner join ml.item_embeddings as embeddings on items.category = embeddings.category and items.item_id = embeddings.item_id
    where items.split = $split
    order by items.item_id
"""
USERS = "select user_id, n_train_pairs from corpus.users where split = $split order by user_id"
PAIRS = """
    with users as (select user_id, row_number() over (order by user_id) - 1 as code from corpus.users where split = $split),
    items as (select item_id, row_number() over (order by item_id) - 1 as code from corpus.items where split = $split)
    select users.code::integer as user_code, preferred.code::integer as preferred, other.code::integer as other, pairs.fold
    from corpus.preference_pairs as pairs
    inner join users on pairs.user_id = users.user_id
    inner join items as preferred on pairs.preferred_item_id = preferred.item_id
    inner join items as other on pairs.other_item_id = other.item_id
    where pairs.split = $split
    order by users.code, preferred.code, other.code
"""


class Pairs(NamedTuple):
    """Integer-coded preference pairs, each array of shape (pairs,)."""

    users: np.ndarray
    preferred: np.ndarray
    other: np.ndarray

    def __len__(self) -> int:
        return len(self.users)


class TrainingData(NamedTuple):
    """One split.

    Attributes:
        user_ids: Ordered ids; a user's code is its place here.
        item_ids: Ordered ids; an item's code is its place here.
        texts: phi of each item, shape (items, 384).
        n_train_pairs: Training pairs of each user, shape (users,).
        folds: Pairs of ``train``, ``validation`` and ``test``.
    """

    user_ids: pa.Array
    item_ids: pa.Array
    texts: np.ndarray
    n_train_pairs: np.ndarray
    folds: dict[str, Pairs]

    @property
    def context(self) -> np.ndarray:
        """The catalogue mean of Eq. 4, shape (384,)."""
        return self.texts.mean(axis=0, dtype=np.float64).astype(np.float32)

    def fingerprint(self) -> str:
        """Sixteen hex digits that change when users, items, texts or pairs change."""
        digest = hashlib.sha256()
        for ids in (self.user_ids, self.item_ids):
            digest.update("\n".join(ids.to_pylist()).encode())
        digest.update(np.ascontiguousarray(self.texts).data)
        for fold in ("train", "validation", "test"):
            for column in self.folds[fold]:
                digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()[:16]


class EncoderDataError(Exception):
    """A split cannot be trained on; the message says why."""


def read_training_data(warehouse: Warehouse, split: str) -> TrainingData:
    """Read one split in three queries.

    Raises:
        EncoderDataError: The split has no users or no training pairs.
    """
    params = {"split": split}
    items, users, pairs = (warehouse.read(sql, params) for sql in (ITEMS, USERS, PAIRS))
    if not users.num_rows or not items.num_rows:
        raise EncoderDataError(f"Split {split} is empty after the k-core: use a larger corpus or a smaller `core`.")
    fold_names = pairs["fold"].to_numpy(zero_copy_only=False)
    codes = [pairs[name].to_numpy().astype(np.int64) for name in ("user_code", "preferred", "other")]
    folds = {fold: Pairs(*(code[fold_names == fold] for code in codes)) for fold in ("train", "validation", "test")}
    if not len(folds["train"]):
        raise EncoderDataError(
            f"Split {split} has no training pair: no user rated two items differently. Use a larger corpus."
        )
    return TrainingData(
        user_ids=users["user_id"].combine_chunks(),
        item_ids=items["item_id"].combine_chunks(),
        texts=to_matrix(items["embedding"]),
        n_train_pairs=users["n_train_pairs"].to_numpy(),
        folds=folds,
    )
