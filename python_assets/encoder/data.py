"""What training reads: integer-coded pairs, users, and item text vectors of one split."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from python_assets.encoder.pair_file import BLOCK, ROW_BYTES, PairFile
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import batches, columns, to_matrix

ITEMS = """
    select items.item_id, embeddings.embedding
    from corpus.items as items
    inner join ml.item_embeddings as embeddings on items.category = embeddings.category and items.item_id = embeddings.item_id
    where items.split = $split
    order by items.item_id
"""
# The training history and the rule that makes pairs of it, in one number: what a user's place depends on. Of whom a cap
# cuts off pairs, it is also the cap, the seed by which pairs are drawn, and all of the history they are drawn from.
TRAIN_HASHES = """
    select
        users.split, users.user_id, users.n_train_pairs,
        xor(
            coalesce(histories.train_hash, 0),
            if(
                users.n_pairs >= study.max_pairs_per_user,
                xor(histories.whole_hash, md5_number_lower(concat_ws(' ', study.max_pairs_per_user, study.seed))), 0
            )
        ) as train_hash
    from corpus.users as users
    left join (
        select split, user_id, bit_xor(row_hash) filter (fold = 'train') as train_hash, bit_xor(row_hash) as whole_hash
        from (
            select rows.split, rows.user_id, rows.fold,
                md5_number_lower(concat_ws(' ', study.pair_min_gap, rows.item_id, rows.rating)) as row_hash
            from corpus.interactions as rows
            cross join raw.study as study
        )
        group by split, user_id
    ) as histories using (split, user_id)
    cross join raw.study as study
"""
USERS = f"""
    select user_id, n_train_pairs, train_hash from ({TRAIN_HASHES})
    where split = $split
    order by user_id
"""
# Encoders that the study names: those of former seeds, instruments and splits stay in `ml` as they are.
ENCODERS = """
    select split, instrument, seed
    from ml.encoder_runs
    semi join (select instrument, unnest(seeds) as seed from raw.instruments) using (instrument, seed)
    semi join raw.splits using (split)
"""
# Users of encoded splits who are new, gone or changed since an encoder of the study last placed them.
BEHIND = f"""
    with present as ({TRAIN_HASHES}),
    runs as ({ENCODERS}),
    places as (select * from ml.user_embeddings semi join runs using (split, instrument, seed)),
    wanted as (
        select runs.split, runs.instrument, runs.seed, present.user_id, present.train_hash
        from runs
        inner join present on runs.split = present.split
    )
    select coalesce(wanted.split, places.split) as split, count(distinct user_id) as n_users
    from wanted
    full join places using (split, instrument, seed, user_id)
    where wanted.train_hash is distinct from places.train_hash
    group by 1
    order by 1
"""
# The ids as they were read: the corpus may have changed since. A table, whose size DuckDB knows, joins better than Arrow.
CODES = "create or replace temp table coded_{kind} as select * from read_{kind}"
# By a hash of the codes, so that any stretch of the file is a random sample.
PAIRS = """
    select users.code as user_code, preferred.code as preferred, other.code as other, pairs.fold
    from corpus.preference_pairs as pairs
    inner join coded_users as users on pairs.user_id = users.id
    inner join coded_items as preferred on pairs.preferred_item_id = preferred.id
    inner join coded_items as other on pairs.other_item_id = other.id
    where pairs.split = $split and {which}
    order by md5_number_lower(users.code || ' ' || preferred.code || ' ' || other.code), users.code, preferred.code
"""
FOLDS = ("train", "validation", "test")


class TrainingData(NamedTuple):
    """One split.

    Attributes:
        user_ids: Ordered ids; a user's code is its place here.
        item_ids: Ordered ids; an item's code is its place here.
        texts: phi of each item, shape (items, 384).
        n_train_pairs: Training pairs of each user, shape (users,).
        train_hashes: Changes when a user's training pairs may have changed, uint64, shape (users,).
        folds: Pairs of ``train``, ``validation`` and ``test``, in hash order.
    """

    user_ids: pa.Array
    item_ids: pa.Array
    texts: np.ndarray
    n_train_pairs: np.ndarray
    train_hashes: np.ndarray
    folds: Mapping[str, PairFile]

    @property
    def context(self) -> np.ndarray:
        """The catalogue mean of Eq. 4, shape (384,)."""
        return self.texts.mean(axis=0, dtype=np.float64).astype(np.float32)

    @property
    def item_hashes(self) -> np.ndarray:
        """Changes when an item's text does, int64, shape (items,)."""
        return _item_hashes(self.item_ids, self.texts)

    def fingerprint(self) -> str:
        """Sixteen hex digits that change when users, items, texts or pairs change."""
        digest = hashlib.sha256()
        for ids in (self.user_ids, self.item_ids):
            digest.update("\n".join(ids.to_pylist()).encode())
        digest.update(np.ascontiguousarray(self.texts).data)
        for fold in FOLDS:
            for block in self.folds[fold].blocks():
                digest.update(np.ascontiguousarray(block).data)
        return digest.hexdigest()[:16]


def _item_hashes(item_ids: pa.Array, texts: np.ndarray) -> np.ndarray:
    rows = zip(item_ids.to_pylist(), np.ascontiguousarray(texts), strict=True)
    digests = (hashlib.blake2b(item.encode() + text.tobytes(), digest_size=8).digest() for item, text in rows)
    return np.frombuffer(b"".join(digests), dtype=np.int64)


def read_item_hashes(warehouse: Warehouse, split: str) -> np.ndarray:
    """``TrainingData.item_hashes`` of a split as it is now, without the rest of it."""
    items = warehouse.read(ITEMS, {"split": split})
    return _item_hashes(items["item_id"], to_matrix(items["embedding"]))


class EncoderDataError(Exception):
    """A split cannot be trained on; the message says why."""


class StoredFolds(Mapping[str, PairFile]):
    """The pairs of a split in the warehouse; all are read when one fold is first asked for.

    They stream to files beside the warehouse, a record batch at a time. Pairs of users and items that are new by then are
    left out; a user who lost or gained some is known by ``TrainingData.train_hashes`` the next time.

    Args:
        warehouse: Holds ``corpus``.
        split: Whose pairs.
        user_ids: A user's code is its place here.
        item_ids: An item's code is its place here.
    """

    def __init__(self, warehouse: Warehouse, split: str, *, user_ids: pa.Array, item_ids: pa.Array) -> None:
        self.warehouse, self.split = warehouse, split
        self.ids = {"users": user_ids, "items": item_ids}
        self.read: dict[str, PairFile] | None = None
        """None until they are read."""

    def __getitem__(self, fold: str) -> PairFile:
        if self.read is None:
            folder = self.warehouse.path.parent
            folder.mkdir(parents=True, exist_ok=True)
            with self.warehouse.connect() as connection:
                _require_room(connection, self.split, folder)
                self._number(connection)
                self.read = {name: PairFile(folder) for name in FOLDS}
                sql = PAIRS.format(which="true")
                for batch in batches(connection, sql, {"split": self.split}, rows=BLOCK):
                    names, rows = batch["fold"].to_numpy(zero_copy_only=False), _codes(batch)
                    for name, file in self.read.items():
                        file.append(rows[names == name])
        return self.read[fold]

    def __iter__(self) -> Iterator[str]:
        return iter(FOLDS)

    def __len__(self) -> int:
        return len(FOLDS)

    def train_pairs_of(self, user_ids: pa.Array) -> np.ndarray:
        """Training pairs of some users only, shape (pairs, 3), in hash order."""
        which = "pairs.fold = 'train' and pairs.user_id in (select user_id from wanted)"
        with self.warehouse.connect() as connection:
            self._number(connection)
            connection.register("wanted", pa.table({"user_id": user_ids}))
            return _codes(columns(connection, PAIRS.format(which=which), {"split": self.split}))

    def _number(self, connection: duckdb.DuckDBPyConnection) -> None:
        for kind, ids in self.ids.items():
            connection.register(f"read_{kind}", pa.table({"id": ids, "code": np.arange(len(ids), dtype=np.int32)}))
            connection.execute(CODES.format(kind=kind))


def _require_room(connection: duckdb.DuckDBPyConnection, split: str, folder: Path) -> None:
    """One user can have more pairs than a disk holds; how many there are is known without making them."""
    counted = connection.execute("select sum(n_pairs) from corpus.users where split = ?", [split]).fetchone()
    n_pairs = int((counted and counted[0]) or 0)
    needed, free = n_pairs * ROW_BYTES, shutil.disk_usage(folder).free
    if needed > free:
        raise EncoderDataError(
            f"The {n_pairs:,} pairs of split {split} need {needed / 1e9:,.0f} GB in {folder}, where {free / 1e9:,.0f} GB are free: "
            "set `pairs: {max_pairs_per_user: ...}` in the study, or keep the warehouse where there is more room."
        )


def _codes(rows: pa.Table | pa.RecordBatch) -> np.ndarray:
    return np.stack([rows[name].to_numpy() for name in ("user_code", "preferred", "other")], axis=1)


def train_pairs_of(data: TrainingData, users: np.ndarray) -> np.ndarray:
    """Training pairs of some users, shape (pairs, 3), in hash order.

    Args:
        data: The split; where its pairs were not read yet, only these users' are.
        users: Codes, shape (users,).
    """
    if isinstance(data.folds, StoredFolds) and data.folds.read is None:
        return data.folds.train_pairs_of(data.user_ids.take(pa.array(users)))
    wanted = np.zeros(len(data.user_ids), dtype=bool)
    wanted[users] = True
    blocks = (rows[wanted[rows[:, 0]]] for rows in data.folds["train"].blocks())
    return np.concatenate([np.empty((0, 3), np.int32), *blocks])


def read_training_data(warehouse: Warehouse, split: str) -> TrainingData:
    """Read a split's users and items; its pairs follow when they are needed.

    Raises:
        EncoderDataError: The split has no users or no training pairs.
    """
    params = {"split": split}
    with warehouse.reading():
        items, users = (warehouse.read(sql, params) for sql in (ITEMS, USERS))
    if not users.num_rows or not items.num_rows:
        raise EncoderDataError(f"Split {split} is empty after the k-core: use a larger corpus or a smaller `core`.")
    n_train_pairs = users["n_train_pairs"].to_numpy()
    if not n_train_pairs.any():
        raise EncoderDataError(
            f"Split {split} has no training pair: no user rated two items `pairs.min_gap` apart. Use a larger corpus."
        )
    user_ids, item_ids = users["user_id"].combine_chunks(), items["item_id"].combine_chunks()
    return TrainingData(
        user_ids=user_ids,
        item_ids=item_ids,
        texts=to_matrix(items["embedding"]),
        n_train_pairs=n_train_pairs,
        train_hashes=users["train_hash"].to_numpy(),
        folds=StoredFolds(warehouse, split, user_ids=user_ids, item_ids=item_ids),
    )
