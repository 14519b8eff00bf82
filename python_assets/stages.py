"""Which stages of a run are done: each with the fingerprint of all that it depends on, kept in the warehouse."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import duckdb
import pyarrow as pa

from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import NoWarehouseError

STAGES = ("prepare", "encode", "evaluate", "publish")
"""Jobs of a run, in order."""
OF_SPLIT = "job in ('encode', 'evaluate') and split_part(partition_key, '|', -1) = ?"


class Stage(NamedTuple):
    """One job on one partition; ``partition`` is empty for a job without partitions."""

    job: str
    partition: str


CORPUS = Stage("corpus", "")
"""Not a stage of a run: under which ``raw_fingerprint`` dbt last made the corpus, whoever called it."""
FORMER = "encoded before"
"""Job of notes that are no stages: under which fingerprints a split was last encoded and evaluated, kept when those marks go."""
WEIGHTS = "weights"
"""Job of another note: what a model held whose files looked as its partition says, see ``raters/model_state.py``."""


def finished_stages(warehouse: Warehouse) -> dict[Stage, str]:
    """The fingerprint under which each stage was last finished, and the notes ``CORPUS`` and ``settings``; empty without a warehouse."""
    return {
        stage: fingerprint for stage, fingerprint in all_marks(warehouse).items() if stage.job not in (FORMER, WEIGHTS)
    }


def former_fingerprint(warehouse: Warehouse, partition: str) -> str | None:
    """Under which fingerprint a split was last encoded as a whole, or a population on it evaluated, before whoever is encoding the
    split, or has failed to."""
    return all_marks(warehouse).get(Stage(FORMER, partition))


def keep_former_fingerprints(warehouse: Warehouse, split: str) -> None:
    """Note what ``former_fingerprint`` says, before the split is marked as not encoded."""
    if not warehouse.rows(f"select 1 from raw.stages where {OF_SPLIT} limit 1", [split]):
        return

    def keep(connection: duckdb.DuckDBPyConnection) -> None:
        anew = f"select partition_key from raw.stages where {OF_SPLIT}"
        connection.execute(f"delete from raw.stages where job = '{FORMER}' and partition_key in ({anew})", [split])
        connection.execute(
            f"insert into raw.stages by name select * replace ('{FORMER}' as job) from raw.stages where {OF_SPLIT}",
            [split],
        )

    warehouse.write(keep)


def all_marks(warehouse: Warehouse) -> dict[Stage, str]:
    """Finished stages and notes; empty without a warehouse."""
    try:
        rows = warehouse.rows("select job, partition_key, fingerprint from raw.stages")
    except (NoWarehouseError, duckdb.CatalogException):
        return {}
    return {Stage(job, partition): fingerprint for job, partition, fingerprint in rows}


def last_finished(warehouse: Warehouse) -> datetime | None:
    """When the last of the stages that results are made of was finished, UTC without saying so; None: none is.

    Raises:
        NoWarehouseError: There is no warehouse yet.
    """
    ((newest,),) = warehouse.rows(
        "select max(finished_at) from raw.stages where job in ('prepare', 'encode', 'evaluate')"
    )
    return newest


def mark(warehouse: Warehouse, stage: Stage, fingerprint: str | None) -> None:
    """Record that a stage is finished; None: that it is not, so that a killed run does not look done."""
    row = {
        "job": stage.job,
        "partition_key": stage.partition,
        "fingerprint": fingerprint,
        "finished_at": datetime.now(UTC).replace(tzinfo=None),
    }
    rows = pa.Table.from_pylist([row] if fingerprint else [], schema=_SCHEMA)
    warehouse.replace_slice("raw.stages", rows, where={"job": stage.job, "partition_key": stage.partition})


def forget_prepared(warehouse: Warehouse) -> None:
    """Record that the corpus is not finished, nor of what is in ``raw``, whoever is about to take files in or out: those before may
    come back."""
    _forget(warehouse, f"job in ('prepare', '{CORPUS.job}')")


def forget_split(warehouse: Warehouse, split: str) -> None:
    """Record that a split's encoder and its populations are not finished, whoever is about to make the encoder anew."""
    keep_former_fingerprints(warehouse, split)
    _forget(warehouse, f"job = 'publish' or {OF_SPLIT}", split)


def forget_population(warehouse: Warehouse, split: str, population: str) -> None:
    """Record that a population is not finished, whoever is about to make a part of it anew, with whatever settings."""
    _forget(warehouse, "job = 'publish' or job = 'evaluate' and partition_key = ?", f"{population}|{split}")


def forget_results(warehouse: Warehouse) -> None:
    """Record that nothing is published, whoever is about to make a result table anew."""
    _forget(warehouse, "job = 'publish'")


def _forget(warehouse: Warehouse, which: str, *values: str) -> None:
    if warehouse.rows(f"select 1 from raw.stages where {which} limit 1", values):
        warehouse.write(
            lambda connection: connection.execute(f"delete from raw.stages where {which}", values).fetchall()
        )


_SCHEMA = pa.schema(
    [
        ("job", pa.string()),
        ("partition_key", pa.string()),
        ("fingerprint", pa.string()),
        ("finished_at", pa.timestamp("us")),
    ]
)
