"""What was measured in an encoder's space: it goes when the encoder is replaced, as a run may break off before it is measured anew."""

from __future__ import annotations

import duckdb

from python_assets.warehouse import Warehouse

OF_THE_SPACE = (
    "ml.reference_embeddings",
    "ml.anchor_scores",
    "ml.population_scores",
    "ml.paired_scores",
    "ml.paired_distances",
)
"""Made with the encoder of the study's own seed; personas are measured with no other."""


def forget_measured(connection: duckdb.DuckDBPyConnection, *, split: str, instrument: str, seed: int) -> None:
    """Delete it, inside the transaction that writes a new encoder.

    Args:
        connection: Open for writing.
        split: Product split.
        instrument: Whose encoder is replaced.
        seed: Of that encoder; one of a retest takes only the agreement of the instrument's encoders away.
    """
    own = "split = ? and instrument = ?"
    connection.execute(f"delete from ml.instrument_retests where {own}", [split, instrument])
    for table in OF_THE_SPACE:
        of_the_study = f"{own} and ? = (select seed from raw.study)"
        connection.execute(f"delete from {table} where {of_the_study}", [split, instrument, seed])


def forget_space(connection: duckdb.DuckDBPyConnection, *, split: str, instrument: str) -> None:
    """Delete all that was measured in the space of an instrument's own encoder.

    Args:
        connection: Open for writing.
        split: Product split.
        instrument: Whose.
    """
    for table in OF_THE_SPACE:
        connection.execute(f"delete from {table} where split = ? and instrument = ?", [split, instrument])


def forget_measured_on(warehouse: Warehouse, split: str) -> bool:
    """Delete what was measured in any space of a split, references and baselines too.

    Args:
        warehouse: Holds the scores.
        split: Product split.

    Returns:
        Whether there was anything.
    """
    tables = ("ml.instrument_retests", *OF_THE_SPACE)
    if not any(warehouse.rows(f"select 1 from {table} where split = ? limit 1", [split]) for table in tables):
        return False

    def forget(connection: duckdb.DuckDBPyConnection) -> None:
        for table in tables:
            connection.execute(f"delete from {table} where split = ?", [split])

    warehouse.write(forget)
    return True
