"""Instruments that differ only in how personas are placed have the same encoder: what one trained, the others take over."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from python_assets.encoder.data import TrainingData
from python_assets.encoder.measured import forget_measured
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
    key = {"split": split, "instrument": instrument, "seed": seed}
    alike = warehouse.rows(TRAINED_ALIKE, {**key, "config_hash": settings.config_hash(), "code_version": code_version})
    # All pairs are looked at only where somebody has them trained.
    fingerprint = data.fingerprint() if alike else None
    other = next((name for name, data_hash in alike if data_hash == fingerprint), None)
    if other is None:
        return None
    present = pa.table({"user_id": data.user_ids, "train_hash": data.train_hashes})

    def copy(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("present", present)
        for table in ("ml.encoder_runs", "ml.user_embeddings"):
            connection.execute(f"delete from {table} where {SLICE}", key)
        source = {**key, "instrument": other, "taken_by": instrument}
        connection.execute(COPY_RUN, {**source, "taken_at": datetime.now(UTC).replace(tzinfo=None)})
        connection.execute(COPY_USERS, source)
        forget_measured(connection, split=split, instrument=instrument, seed=seed)

    warehouse.write(copy)
    return other
