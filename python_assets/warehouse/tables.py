"""The tables of ``raw`` and ``ml``, also where vectors of another K or d are in a warehouse already."""

from __future__ import annotations

from pathlib import Path

import duckdb

TABLES = Path(__file__).with_name("tables.sql")
VECTORS = (
    ("user_embeddings", "mixture", "prototypes"),
    ("user_embeddings", "embedding", "dimension"),
    ("persona_embeddings", "mixture", "prototypes"),
    ("persona_embeddings", "embedding", "dimension"),
    ("reference_embeddings", "embedding", "dimension"),
)
"""Tables of ``ml`` with vectors whose length an encoder's settings give."""

TYPE = """
    select data_type
    from duckdb_columns()
    where database_name = current_database() and schema_name = 'ml' and table_name = ? and column_name = ?
"""


def table_statements(*, prototypes: int, dimension: int) -> str:
    """SQL that makes the tables that are not there yet.

    Args:
        prototypes: K, the length of a mixture.
        dimension: d, the length of an embedding.
    """
    return TABLES.read_text().replace("FLOAT[K]", f"FLOAT[{prototypes:d}]").replace("FLOAT[d]", f"FLOAT[{dimension:d}]")


def make_room(connection: duckdb.DuckDBPyConnection, *, prototypes: int, dimension: int) -> None:
    """Let vectors of another length in, inside the caller's transaction; what is there stays.

    An empty table goes, to be made anew. One with rows gets lists of any length, as a lake has everywhere: an
    encoder that took hours is worth more than a type.

    Args:
        connection: Open for writing.
        prototypes: K, the length of a mixture.
        dimension: d, the length of an embedding.
    """
    lengths = {"prototypes": prototypes, "dimension": dimension}
    for table, column, setting in VECTORS:
        found = connection.execute(TYPE, [table, column]).fetchone()
        if found is None or found[0] in ("FLOAT[]", f"FLOAT[{lengths[setting]:d}]"):
            continue
        if connection.execute(f"select 1 from ml.{table} limit 1").fetchone():
            connection.execute(f"alter table ml.{table} alter column {column} type float[]")
        else:
            connection.execute(f"drop table ml.{table}")
