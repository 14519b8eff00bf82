"""New data under a trained encoder: which users to fold in, and when to train anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import torch

from python_assets.encoder.data import TrainingData, train_pairs_of
from python_assets.encoder.devices import run_on_devices
from python_assets.encoder.share import take_over_earlier_encoder, take_over_encoder, trained_alike
from python_assets.encoder.store import EncoderKey, load_encoder, train_and_save
from python_assets.placement.fold_in import fold_in_users
from python_assets.seeds import derive_seed
from python_assets.study import Instrument, Placement
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import from_matrix

TRAINED = """
    select n_users, item_hashes, data_hash from ml.encoder_runs
    where split = ? and instrument = ? and seed = ? and config_hash = ? and code_version = ?
"""
STORED = """
    select user_id, train_hash, folded_in, coalesce(fold_settings = ?, not folded_in) as is_placed_alike
    from ml.user_embeddings where split = ? and instrument = ? and seed = ?
"""
DELETE = """
    delete from ml.user_embeddings
    where split = ? and instrument = ? and seed = ? and user_id in (select user_id from touched)
"""


# Under the same name a split may have others later, and probes stay for an encoder that has met them.
NOT_NOTED = """
    with present as (select string_agg(category, '|' order by category) as categories from raw.splits where split = $split)
    select present.categories from ml.encoder_runs as runs
    cross join present
    where
        runs.split = $split and runs.instrument = $instrument and runs.seed = $seed
        and runs.categories is distinct from present.categories
"""
NOTE = "update ml.encoder_runs set categories = ? where split = ? and instrument = ? and seed = ?"

Outcome = Literal["unchanged", "folded in", "trained", "taken over"]


class Changes(NamedTuple):
    """What became of an encoder's users.

    Attributes:
        stale: Codes of users that are new, whose training pairs changed, or who were folded in by another placement, shape
            (stale,).
        gone: Ids of users that are no longer in the corpus.
        share: Users, or items, new, changed or gone since training, as a share of those trained; the larger of the two.
        data_hash: Of the data that the encoder was trained on.
    """

    stale: np.ndarray
    gone: list[str]
    share: float
    data_hash: str


def keep_current(
    warehouse: Warehouse,
    data: TrainingData,
    settings: Instrument,
    *,
    split: str,
    instrument: str,
    seed: int,
    code_version: str,
    log: Callable[[str], None],
) -> Outcome:
    """Train, fold in or leave alone, whichever the data ask for; another instrument's encoder that is the same is taken over."""
    made = EncoderKey(split=split, instrument=instrument, seed=seed)
    outcome = _keep(warehouse, data, settings, made, code_version, log)
    if found := warehouse.rows(NOT_NOTED, made):
        noted = [*found[0], *made.values()]
        warehouse.write(lambda connection: connection.execute(NOTE, noted).fetchall())
    return outcome


def _keep(
    warehouse: Warehouse,
    data: TrainingData,
    settings: Instrument,
    made: EncoderKey,
    code_version: str,
    log: Callable[[str], None],
) -> Outcome:
    name = "{instrument} of {split}, seed {seed}".format(**made)
    changes = changes_since_training(warehouse, data, settings, **made, code_version=code_version)
    due = changes is None or _is_due(data, changes, settings.retrain_after)
    if due and (other := take_over_encoder(warehouse, data, settings.encoder, **made, code_version=code_version)):
        log(f"{name}: taken over from {other}, whose encoder has the same settings and data")
        return "taken over"
    earlier = _current_elsewhere(warehouse, data, settings, made, code_version) if due else None
    if earlier:
        take_over_earlier_encoder(warehouse, earlier, **made)
        log(f"{name}: taken over from {earlier}, whose encoder has the same settings and earlier data")
        changes = changes_since_training(warehouse, data, settings, **made, code_version=code_version)
        due = changes is None or _is_due(data, changes, settings.retrain_after)
    if changes is None or due:
        _train(warehouse, data, settings, made, code_version, log)
        return "trained"
    if not len(changes.stale) and not changes.gone:
        log(f"{name}: no user's training pairs changed{_share_of(changes, settings)}")
        return "taken over" if earlier else "unchanged"
    folded = fold_in_changes(warehouse, data, changes, settings.placement, **made)
    log(f"{name}: {folded:,} users folded in, {len(changes.gone):,} gone{_share_of(changes, settings)}")
    return "folded in"


def _current_elsewhere(
    warehouse: Warehouse, data: TrainingData, settings: Instrument, made: EncoderKey, code_version: str
) -> str | None:
    """Whose like encoder need not be trained anew for these data; of several the latest."""
    for other in trained_alike(warehouse, settings.encoder, **made, code_version=code_version):
        key = EncoderKey(split=made["split"], instrument=other, seed=made["seed"])
        changes = changes_since_training(warehouse, data, settings, **key, code_version=code_version)
        if changes is not None and not _is_due(data, changes, settings.retrain_after):
            return other
    return None


def _train(
    warehouse: Warehouse,
    data: TrainingData,
    settings: Instrument,
    made: EncoderKey,
    code_version: str,
    log: Callable[[str], None],
) -> None:
    devices = torch.cuda.device_count()
    if devices > 1:
        log("{instrument} of {split}, seed {seed}".format(**made) + f": training on {devices} GPUs")
        run_on_devices(train_and_save, warehouse, settings.encoder, made, code_version, processes=devices)
    else:
        train_and_save(warehouse, settings.encoder, made, code_version, data=data, log=log)


def _is_due(data: TrainingData, changes: Changes, retrain_after: float) -> bool:
    if changes.share > retrain_after:
        return True
    # What a change of the validation pairs alone does is seen in the whole of the data only, and read for nothing else.
    return retrain_after == 0 and data.fingerprint() != changes.data_hash


def _share_of(changes: Changes, settings: Instrument) -> str:
    if not changes.share:
        return ""
    return (
        f"; {changes.share:.1%} of users or items changed since training,"
        f" which is repeated above {settings.retrain_after:.0%} (retrain_after)"
    )


def changes_since_training(
    warehouse: Warehouse,
    data: TrainingData,
    settings: Instrument,
    *,
    split: str,
    instrument: str,
    seed: int,
    code_version: str,
) -> Changes | None:
    """Compare the users of an encoder with the corpus; None when there is no encoder of these settings."""
    key = [split, instrument, seed]
    trained = warehouse.rows(TRAINED, [*key, settings.encoder.config_hash(), code_version])
    if not trained:
        return None
    stored = warehouse.read(STORED, [settings.placement.config_hash(), *key])
    users = stored["user_id"].to_pylist()
    hash_of = dict(zip(users, stored["train_hash"].to_pylist(), strict=True))
    ids, hashes = data.user_ids.to_pylist(), data.train_hashes.tolist()
    same = np.array([hash_of.get(user) == train_hash for user, train_hash in zip(ids, hashes, strict=True)], dtype=bool)
    folded = {user for user, by in zip(users, stored["folded_in"].to_pylist(), strict=True) if by}
    otherwise = {user for user, alike in zip(users, stored["is_placed_alike"].to_pylist(), strict=True) if not alike}
    current = same & np.array([user not in otherwise for user in ids], dtype=bool)
    kept = sum(bool(known) and user not in folded for user, known in zip(ids, same, strict=True))
    ((n_trained, items, data_hash),) = trained
    shares = [_share_changed(len(ids), n_trained, kept)]
    if items:  # None in encoders of older code.
        present = data.item_hashes.tolist()
        shares.append(_share_changed(len(present), len(items), len(set(items) & set(present))))
    return Changes(
        stale=np.flatnonzero(~current), gone=sorted(set(hash_of) - set(ids)), share=max(shares), data_hash=data_hash
    )


def _share_changed(n_present: int, n_trained: int, n_kept: int) -> float:
    return (max(n_present, n_trained) - n_kept) / n_trained


def fold_in_changes(
    warehouse: Warehouse,
    data: TrainingData,
    changes: Changes,
    placement: Placement,
    *,
    split: str,
    instrument: str,
    seed: int,
) -> int:
    """Place new and changed users, forget those that are gone, in one transaction.

    Returns:
        How many users were folded in.
    """
    model = load_encoder(warehouse, split=split, instrument=instrument, seed=seed)
    pairs = train_pairs_of(data, changes.stale)
    pairs[:, 0] = np.searchsorted(changes.stale, pairs[:, 0])
    ids = data.user_ids.take(pa.array(changes.stale))
    seeds = [derive_seed(seed, "fold-in", split, user) for user in ids.to_pylist()]
    settings = placement.model_copy(update={"init": model.settings.mixture_init})
    folded = fold_in_users(model, data.texts, pairs, settings, seeds=seeds)
    rows, key = len(ids), {"split": split, "instrument": instrument, "seed": seed}
    users = pa.table(
        {
            **{name: pa.repeat(value, rows) for name, value in key.items()},
            "user_id": ids,
            "n_train_pairs": data.n_train_pairs[changes.stale],
            "train_hash": data.train_hashes[changes.stale],
            "folded_in": pa.repeat(True, rows),
            "fold_settings": pa.repeat(placement.config_hash(), rows),
            "mixture": from_matrix(folded.mixtures),
            "embedding": from_matrix(folded.embeddings),
        }
    )
    touched = pa.table({"user_id": pa.array([*ids.to_pylist(), *changes.gone], pa.string())})

    def save(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("touched", touched)
        connection.execute(DELETE, list(key.values()))
        connection.register("incoming", users)
        connection.execute("insert into ml.user_embeddings by name select * from incoming")

    warehouse.write(save)
    return rows
