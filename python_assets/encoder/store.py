"""Encoders in the warehouse: train what is new, resume what was interrupted, load what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, TypedDict

import duckdb
import numpy as np
import pyarrow as pa

from python_assets.encoder.data import TrainingData, read_training_data
from python_assets.encoder.devices import rank
from python_assets.encoder.model import PreferenceEncoder, load_frozen, save_frozen
from python_assets.encoder.train import TrainedEncoder, accuracy_in_words, train_encoder
from python_assets.encoder.users import init_correlation, score_items, user_places
from python_assets.measured import forget_measured
from python_assets.study import Encoder, Study
from python_assets.warehouse import Warehouse, replace_rows
from python_assets.warehouse.columns import from_matrix, to_matrix


class Users(NamedTuple):
    """The real users of a split as an encoder sees them; rows of all arrays belong together."""

    user_ids: np.ndarray
    mixtures: np.ndarray
    embeddings: np.ndarray
    n_train_pairs: np.ndarray

    def rows(self, user_ids: list[str]) -> np.ndarray:
        """The rows of some users.

        Raises:
            EncoderMissingError: A user has no place.
        """
        place = {user: row for row, user in enumerate(self.user_ids.tolist())}
        if new := sorted(set(user_ids) - place.keys()):
            raise EncoderMissingError(
                f"User {new[0]} is newer than the encoder: `persona-fidelity run` without --from evaluate brings it up to date."
            )
        return np.array([place[user] for user in user_ids], dtype=np.int64)


class EncoderKey(TypedDict):
    """Which encoder."""

    split: str
    instrument: str
    seed: int


class EncoderMissingError(Exception):
    """An encoder was asked for that was not trained yet, or that does not know a user yet."""


def train_or_resume(
    warehouse: Warehouse,
    data: TrainingData,
    settings: Encoder,
    *,
    split: str,
    seed: int,
    log: Callable[[str], None],
    progress: bool = True,
) -> TrainedEncoder:
    """Train one encoder; every epoch's state goes to the warehouse, and an interrupted training goes on from it."""
    key = {"split": split, "seed": seed, "config_hash": settings.config_hash(), "data_hash": data.fingerprint()}
    found = warehouse.rows(
        f"select state, epoch from ml.training_states where {' and '.join(f'{k} = ?' for k in key)}", list(key.values())
    )
    if found:
        log(f"resuming {split} after epoch {found[0][1]}")

    def keep(epoch: int, state: bytes) -> None:
        row = pa.table(
            {
                **{k: [v] for k, v in key.items()},
                "epoch": pa.array([epoch], pa.int32()),
                "state": pa.array([state], pa.binary()),
            }
        )
        warehouse.replace_slice("ml.training_states", row, where=key)

    trained = train_encoder(
        data, settings, seed=seed, resume=found[0][0] if found else None, on_epoch=keep, progress=progress, log=log
    )
    log(
        f"{split}, seed {seed}: {accuracy_in_words(trained.validation_accuracy)} at epoch {trained.best_epoch}, {trained.seconds:.1f} s"
    )
    return trained


def train_and_save(
    warehouse: Warehouse,
    settings: Encoder,
    key: EncoderKey,
    code_version: str,
    *,
    data: TrainingData | None = None,
    log: Callable[[str], None] = print,
) -> None:
    """Train one encoder and write it down; called in every process of a training on several devices.

    Args:
        warehouse: Read by every process, written by the first.
        settings: Table 4.
        key: Which encoder.
        code_version: Recorded with it.
        data: The split, where it has been read already.
        log: Told how far it is.
    """
    data = data or read_training_data(warehouse, key["split"])
    trained = train_or_resume(warehouse, data, settings, split=key["split"], seed=key["seed"], log=log)
    if rank() == 0:
        save_encoder(warehouse, data, trained, **key, code_version=code_version)


def save_encoder(
    warehouse: Warehouse,
    data: TrainingData,
    trained: TrainedEncoder,
    *,
    split: str,
    instrument: str,
    seed: int,
    code_version: str,
) -> None:
    """Write run and users, and forget the training state and what was measured in the former space, in one transaction."""
    places, rows = user_places(trained.model), len(data.user_ids)
    # Nothing moves the others, however long the training.
    moved = data.n_train_pairs > 0
    slice_ = {"split": split, "instrument": instrument, "seed": seed}
    users = pa.table(
        {
            **{name: pa.repeat(value, rows) for name, value in slice_.items()},
            "user_id": data.user_ids,
            "n_train_pairs": data.n_train_pairs,
            "train_hash": data.train_hashes,
            "folded_in": pa.repeat(False, rows),
            "mixture": from_matrix(places.mixtures),
            "embedding": from_matrix(places.embeddings),
        }
    )
    run = {
        **slice_,
        "config_hash": trained.model.settings.config_hash(),
        "data_hash": data.fingerprint(),
        "n_users": rows,
        "n_items": len(data.item_ids),
        "item_hashes": data.item_hashes.tolist(),
        **{f"n_{fold}_pairs": len(pairs) for fold, pairs in data.folds.items()},
        "epochs": len(trained.history),
        "best_epoch": trained.best_epoch,
        "validation_accuracy": trained.validation_accuracy,
        "test_accuracy": trained.test_accuracy,
        "logit_scale": trained.model.scale().item(),
        "init_correlation": init_correlation(trained.start_mixtures[moved], places.mixtures[moved]),
        "checkpoint": save_frozen(trained.model),
        "history": json.dumps([epoch._asdict() for epoch in trained.history]),
        "seconds": trained.seconds,
        "code_version": code_version,
        "created_at": datetime.now(UTC).replace(tzinfo=None),
    }

    def save(connection: duckdb.DuckDBPyConnection) -> None:
        replace_rows(connection, "ml.encoder_runs", pa.Table.from_pylist([run]), where=slice_)
        replace_rows(connection, "ml.user_embeddings", users, where=slice_)
        connection.execute("delete from ml.training_states where split = ? and seed = ?", [split, seed])
        forget_measured(connection, split=split, instrument=instrument, seed=seed)

    warehouse.write(save)


def load_encoder(warehouse: Warehouse, *, split: str, instrument: str, seed: int) -> PreferenceEncoder:
    """The frozen encoder of an instrument.

    Raises:
        EncoderMissingError: It was not trained yet.
    """
    sql = "select checkpoint from ml.encoder_runs where split = ? and instrument = ? and seed = ?"
    found = warehouse.rows(sql, [split, instrument, seed])
    if not found:
        raise EncoderMissingError(
            f"Split {split} has no encoder for instrument {instrument}: materialise ml/encoder_runs first."
        )
    return load_frozen(found[0][0])


def load_users(warehouse: Warehouse, *, split: str, instrument: str, seed: int) -> Users:
    """The real users of an instrument, ordered by id."""
    sql = """
        select user_id, n_train_pairs, mixture, embedding from ml.user_embeddings
        where split = ? and instrument = ? and seed = ? order by user_id
    """
    table = warehouse.read(sql, [split, instrument, seed])
    return Users(
        user_ids=table["user_id"].to_numpy(zero_copy_only=False),
        mixtures=to_matrix(table["mixture"]),
        embeddings=to_matrix(table["embedding"]),
        n_train_pairs=table["n_train_pairs"].to_numpy(),
    )


def score_seed_users(
    warehouse: Warehouse, study: Study, items: np.ndarray, user_ids: list[str], *, split: str
) -> dict[str, np.ndarray]:
    """What each instrument's encoder says that some users think of some items.

    Args:
        warehouse: Holds encoders and users.
        study: Its instruments and seed.
        items: phi of the items, shape (items, 384).
        user_ids: Shape (users,).
        split: Product split.

    Returns:
        Cosine scores by instrument, each of shape (users, items).
    """
    scores = {}
    for instrument in study.instruments:
        with warehouse.reading():
            model = load_encoder(warehouse, split=split, instrument=instrument, seed=study.seed)
            users = load_users(warehouse, split=split, instrument=instrument, seed=study.seed)
        scores[instrument] = score_items(model, users.mixtures[users.rows(user_ids)], model.catalogue_geometry(items))
    return scores
