"""What was measured: it goes when what it was measured on is replaced, as a run may break off before it is measured anew."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from python_assets.warehouse import Warehouse

SCORES = ("ml.population_scores", "ml.paired_scores", "ml.paired_distances")
"""What a population scored."""
RETESTS = "ml.instrument_retests"
"""How far an instrument's encoders of all seeds agree."""
MEASURED = (RETESTS, "ml.reference_embeddings", "ml.anchor_scores", *SCORES)
"""All but the retests made with the encoder of the study's own seed; personas are measured with no other."""
OTHER_SETTINGS = "select 1 from ml.personas where split = ? and population = ? and config_hash <> ? limit 1"


def delete_rows(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], **where: str) -> None:
    """Delete the same slice of several tables, inside the caller's transaction.

    Args:
        connection: Open for writing.
        tables: Names with schema; never made from data.
        where: Column values that make the slice; at least one.
    """
    condition = " and ".join(f"{column} = ?" for column in where)
    for table in tables:
        connection.execute(f"delete from {table} where {condition}", list(where.values()))


def forget_measured(connection: duckdb.DuckDBPyConnection, *, split: str, instrument: str, seed: int) -> None:
    """Delete what was measured in an encoder's space, inside the transaction that writes a new encoder.

    Args:
        connection: Open for writing.
        split: Product split.
        instrument: Whose encoder is replaced.
        seed: Of that encoder; one of a retest takes only the agreement of the instrument's encoders away.
    """
    is_own = connection.execute("select seed from raw.study").fetchall() == [(seed,)]
    delete_rows(connection, MEASURED if is_own else [RETESTS], split=split, instrument=instrument)


def forget_measured_on(warehouse: Warehouse, split: str) -> bool:
    """Delete what was measured in any space of a split, references and baselines too.

    Args:
        warehouse: Holds the scores.
        split: Product split.

    Returns:
        Whether there was anything.
    """
    if not any(warehouse.rows(f"select 1 from {table} where split = ? limit 1", [split]) for table in MEASURED):
        return False
    warehouse.write(lambda connection: delete_rows(connection, MEASURED, split=split))
    return True


def forget_scores(warehouse: Warehouse, *, split: str, population: str) -> None:
    """Delete what a population scored."""
    warehouse.write(lambda connection: delete_rows(connection, SCORES, split=split, population=population))


def forget_scores_of_other_settings(warehouse: Warehouse, *, split: str, population: str, config_hash: str) -> None:
    """Delete a population's scores where its settings have changed: should its model not answer now, it has none."""
    if warehouse.rows(OTHER_SETTINGS, [split, population, config_hash]):
        forget_scores(warehouse, split=split, population=population)
