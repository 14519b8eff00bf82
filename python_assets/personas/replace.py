"""Write a population's personas; what was made from other ones goes with them, so that a run that fails later leaves no mixture."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from python_assets.warehouse import Warehouse, replace_rows

SCORES = ("ml.population_scores", "ml.paired_scores", "ml.paired_distances")
MADE_OF_TEXTS = ("ml.ratings", "ml.persona_embeddings", *SCORES)
OTHER_SETTINGS = "select 1 from ml.personas where split = ? and population = ? and config_hash <> ? limit 1"
CHANGED = """
    with
    before as (
        select persona_id, seed_user_id, persona_text, model from ml.personas
        where split = $split and population = $population
    ),
    now as (select persona_id, seed_user_id, persona_text, model from written)
    select exists (from before except from now) or exists (from now except from before)
"""


def forget_scores_of_other_settings(warehouse: Warehouse, *, split: str, population: str, config_hash: str) -> None:
    """Delete a population's scores where its settings have changed: should its model not answer now, it has none."""
    if not warehouse.rows(OTHER_SETTINGS, [split, population, config_hash]):
        return

    def forget(connection: duckdb.DuckDBPyConnection) -> None:
        for table in SCORES:
            connection.execute(f"delete from {table} where split = ? and population = ?", [split, population])

    warehouse.write(forget)


def replace_personas(warehouse: Warehouse, rows: pa.Table, *, split: str, population: str) -> None:
    """Replace a population's rows of ``ml.personas``; where anything of them is new, its ratings, places and scores go too.

    Answers stay in ``ml.answers``, so nothing is asked again.
    """
    key = {"split": split, "population": population}

    def replace(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("written", rows)
        try:
            changed = connection.execute(CHANGED, key).fetchone()
        finally:
            connection.unregister("written")
        replace_rows(connection, "ml.personas", rows, where=key)
        for table in MADE_OF_TEXTS if changed and changed[0] else ():
            connection.execute(f"delete from {table} where split = $split and population = $population", key)

    warehouse.write(replace)
