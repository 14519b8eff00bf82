"""Write a population's personas; what was made from other ones goes with them, so that a run that fails later leaves no mixture."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from python_assets.warehouse import Warehouse, replace_rows

SCORES = ("ml.population_scores", "ml.paired_scores", "ml.paired_distances")
OF_ONE_PERSONA = ("ml.ratings", "ml.persona_embeddings")
OTHER_SETTINGS = "select 1 from ml.personas where split = ? and population = ? and config_hash <> ? limit 1"
CHANGED = """
    with
    before as (
        select persona_id, seed_user_id, persona_text, model from ml.personas
        where split = $split and population = $population
    ),
    now as (select persona_id, seed_user_id, persona_text, model from written)
    select persona_id from (from before except from now)
    union
    select persona_id from (from now except from before)
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
    """Replace a population's rows of ``ml.personas``; the ratings and places of those that changed go too, and the
    scores of all when any did.

    Answers stay in ``ml.answers``, so nothing is asked again.
    """
    key = {"split": split, "population": population}

    def replace(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("written", rows)
        try:
            changed = [persona for (persona,) in connection.execute(CHANGED, key).fetchall()]
        finally:
            connection.unregister("written")
        replace_rows(connection, "ml.personas", rows, where=key)
        own = "split = $split and population = $population"
        for table in OF_ONE_PERSONA if changed else ():
            # The others keep their places: nobody is placed anew without need.
            sql = f"delete from {table} where {own} and list_contains($changed, persona_id)"
            connection.execute(sql, {**key, "changed": changed})
        for table in SCORES if changed else ():
            connection.execute(f"delete from {table} where {own}", key)

    warehouse.write(replace)
