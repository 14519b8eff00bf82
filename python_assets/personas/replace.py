"""Write a population's personas; what was made from other ones goes with them, so that a run that fails later leaves no mixture."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from python_assets.measured import SCORES, delete_rows
from python_assets.warehouse import Warehouse, replace_rows

OF_ONE_PERSONA = ("ml.ratings", "ml.persona_embeddings")
# The same people by their words; a new one among the seed users gives those behind it other numbers.
SURVIVORS = """
    create or replace temp table survivors as
    with
    before as (
        select persona_id, seed_user_id, persona_text, model,
            row_number() over (partition by seed_user_id, persona_text, model order by persona_id) as copy
        from ml.personas where split = $split and population = $population
    ),
    now as (
        select persona_id, seed_user_id, persona_text, model,
            row_number() over (partition by seed_user_id, persona_text, model order by persona_id) as copy
        from written
    )
    select before.persona_id as old_id, now.persona_id as new_id
    from before full join now
        on before.seed_user_id is not distinct from now.seed_user_id
        and before.persona_text is not distinct from now.persona_text
        and before.model is not distinct from now.model and before.copy = now.copy
"""
CHANGED = "select 1 from survivors where old_id is distinct from new_id limit 1"
RENUMBERED = """
    create or replace temp table renumbered as
    select made.* replace (survivors.new_id as persona_id)
    from {table} as made inner join survivors on made.persona_id = survivors.old_id
    where made.split = $split and made.population = $population and survivors.new_id is not null
"""


def replace_personas(warehouse: Warehouse, rows: pa.Table, *, split: str, population: str) -> None:
    """Replace a population's rows of ``ml.personas``; the ratings and places of those that changed go too, and the
    scores of all when any did. Who only has another number now keeps theirs, under it.

    Answers stay in ``ml.answers``, so nothing is asked again.
    """
    key = {"split": split, "population": population}

    def replace(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("written", rows)
        try:
            connection.execute(SURVIVORS, key)
        finally:
            connection.unregister("written")
        replace_rows(connection, "ml.personas", rows, where=key)
        if not connection.execute(CHANGED).fetchall():
            return
        for table in OF_ONE_PERSONA:
            connection.execute(RENUMBERED.format(table=table), key)
            delete_rows(connection, [table], **key)
            connection.execute(f"insert into {table} by name select * from renumbered")
        delete_rows(connection, SCORES, **key)

    warehouse.write(replace)
