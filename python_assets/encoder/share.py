"""Instruments that differ only in how personas are placed have the same encoder: what one trained, the others take over."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from python_assets.encoder.data import TrainingData
from python_assets.encoder.store import EncoderKey
from python_assets.measured import forget_measured
from python_assets.study import Encoder
from python_assets.warehouse import Warehouse

# Those whose users are still the trained ones, each of them.
TRAINED_ALIKE = """
    select runs.instrument, runs.data_hash
    from ml.encoder_runs as runs
    inner join ml.user_embeddings as places
        on runs.split = places.split and runs.instrument = places.instrument and runs.seed = places.seed
    where
        runs.split = $split and runs.instrument <> $instrument and runs.seed = $seed
        and runs.config_hash = $config_hash and runs.code_version = $code_version
    group by runs.instrument, runs.data_hash, runs.n_users
    having count(*) filter (where not places.folded_in) = runs.n_users and count(*) = runs.n_users
    order by runs.instrument
"""
# The latest first, whatever has come since they were trained.
TRAINED_EARLIER = """
    select instrument from ml.encoder_runs
    where
        split = $split and instrument <> $instrument and seed = $seed
        and config_hash = $config_hash and code_version = $code_version
    order by created_at desc, instrument
"""
SLICE = "split = $split and instrument = $instrument and seed = $seed"
COPY_RUN = f"""
    insert into ml.encoder_runs by name
    select * replace ($taken_by as instrument, $taken_at as created_at) from ml.encoder_runs where {SLICE}
"""
COPY_USERS = f"""
    insert into ml.user_embeddings by name
    select places.* replace ($taken_by as instrument, present.train_hash as train_hash)
    from ml.user_embeddings as places
    inner join present on places.user_id = present.user_id
    where {SLICE}
"""
COPY_TRAINED_USERS = f"""
    insert into ml.user_embeddings by name
    select * replace ($taken_by as instrument) from ml.user_embeddings where {SLICE} and not folded_in
"""


def take_over_encoder(
    warehouse: Warehouse,
    data: TrainingData,
    settings: Encoder,
    *,
    split: str,
    instrument: str,
    seed: int,
    code_version: str,
) -> str | None:
    """Copy the encoder and the users' places of another instrument that was trained with the same settings on the same data.

    Args:
        warehouse: Holds the encoders.
        data: The split, as training would see it.
        settings: Table 4.
        split: Product split.
        instrument: Who takes it over; what it had before is replaced, in one transaction.
        seed: Seed of the training.
        code_version: Of the code that would train.

    Returns:
        Whose it is; None when there is none, and nothing was changed.
    """
    key = EncoderKey(split=split, instrument=instrument, seed=seed)
    alike = warehouse.rows(TRAINED_ALIKE, {**key, "config_hash": settings.config_hash(), "code_version": code_version})
    # All pairs are looked at only where somebody has them trained.
    fingerprint = data.fingerprint() if alike else None
    other = next((name for name, data_hash in alike if data_hash == fingerprint), None)
    if other is None:
        return None
    present = pa.table({"user_id": data.user_ids, "train_hash": data.train_hashes})
    _copy(warehouse, key, other, users=COPY_USERS, present=present)
    return other


def trained_alike(
    warehouse: Warehouse, settings: Encoder, *, split: str, instrument: str, seed: int, code_version: str
) -> list[str]:
    """Other instruments that have an encoder of the same settings, on whichever data.

    Args:
        warehouse: Holds the encoders.
        settings: Table 4.
        split: Product split.
        instrument: Who looks for another's.
        seed: Seed of the training.
        code_version: Of the code that would train.

    Returns:
        Their names, that of the latest encoder first.
    """
    key = EncoderKey(split=split, instrument=instrument, seed=seed)
    wanted = {**key, "config_hash": settings.config_hash(), "code_version": code_version}
    return [name for (name,) in warehouse.rows(TRAINED_EARLIER, wanted)]


def take_over_earlier_encoder(warehouse: Warehouse, other: str, *, split: str, instrument: str, seed: int) -> None:
    """Copy the encoder of another instrument, trained on data that may have changed since, and the places of those it was
    trained on. Both then go on with one space, each folding in who came later in its own way.

    Args:
        warehouse: Holds the encoders.
        other: One of ``trained_alike``.
        split: Product split.
        instrument: Who takes it over; what it had before is replaced, in one transaction.
        seed: Seed of the training.
    """
    _copy(warehouse, EncoderKey(split=split, instrument=instrument, seed=seed), other, users=COPY_TRAINED_USERS)


def _copy(warehouse: Warehouse, key: EncoderKey, other: str, *, users: str, present: pa.Table | None = None) -> None:
    def copy(connection: duckdb.DuckDBPyConnection) -> None:
        if present is not None:
            connection.register("present", present)
        for table in ("ml.encoder_runs", "ml.user_embeddings"):
            connection.execute(f"delete from {table} where {SLICE}", key)
        source = {**key, "instrument": other, "taken_by": key["instrument"]}
        connection.execute(COPY_RUN, {**source, "taken_at": datetime.now(UTC).replace(tzinfo=None)})
        connection.execute(users, source)
        forget_measured(connection, **key)

    warehouse.write(copy)
