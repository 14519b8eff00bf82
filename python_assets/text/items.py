"""Embedding of the catalogue, keyed by a hash of each item's text."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import duckdb
import pyarrow as pa

from python_assets.progress import progress_bar
from python_assets.text.minilm import DIMENSION, MODEL, WEIGHTS_SHA256, embed_texts
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import from_matrix

# Texts embedded between two writes: what a killed run loses.
CHUNK = 4096

MISSING = """
    select distinct items.text_hash, items.item_text
    from staging.stg_items as items
    where (items.category, items.item_id) in (select (category, item_id) from corpus.items)
        and items.text_hash not in (select text_hash from ml.item_embeddings where model_sha256 = $sha256)
    order by items.text_hash
"""
# An item takes the vector of any item with the same text; an item whose text changed loses its old one.
ASSIGN = """
    create or replace temp table assigned as
    with known as (
        select text_hash, any_value(embedding) as embedding from (
            select text_hash, embedding from ml.item_embeddings where model_sha256 = $sha256
            union all select text_hash, embedding from incoming
        ) group by text_hash
    )
    select items.category, items.item_id, items.text_hash, known.embedding, $model as model, $sha256 as model_sha256,
        $code_version as code_version, $now as created_at
    from staging.stg_items as items
    inner join known on items.text_hash = known.text_hash
    left join ml.item_embeddings as old
        on items.category = old.category and items.item_id = old.item_id and items.text_hash = old.text_hash
            and old.model_sha256 = $sha256
    where old.item_id is null
        and (items.category, items.item_id) in (select (category, item_id) from corpus.items)
"""
REPLACE = """
    delete from ml.item_embeddings where (category, item_id) in (select (category, item_id) from assigned);
    insert into ml.item_embeddings by name select * from assigned
"""


class EmbeddedItems(NamedTuple):
    """What was done: items with a vector, texts computed now, seconds."""

    n_items: int
    n_new: int
    seconds: float


def embed_new_items(
    warehouse: Warehouse, *, code_version: str, log: Callable[[str], None] = lambda line: None
) -> EmbeddedItems:
    """Give every item of the catalogue its vector; compute only texts that have none.

    Args:
        warehouse: Holds ``staging.stg_items`` and ``corpus.items``.
        code_version: Recorded with each row.
        log: Told how far the work is.
    """
    started = time.monotonic()
    missing = warehouse.read(MISSING, {"sha256": WEIGHTS_SHA256})
    with progress_bar("item texts", total=missing.num_rows, unit="text") as bar:
        for start in range(0, missing.num_rows, CHUNK):
            part = missing.slice(start, CHUNK)
            vectors = embed_texts(part["item_text"].to_pylist())
            incoming = pa.table({"text_hash": part["text_hash"], "embedding": from_matrix(vectors)})
            _assign(warehouse, incoming, code_version=code_version)
            bar.update(part.num_rows)
            log(f"{min(start + CHUNK, missing.num_rows):,} of {missing.num_rows:,} new item texts embedded")
    _assign(warehouse, None, code_version=code_version)
    n_items = warehouse.rows("select count(*) from ml.item_embeddings")[0][0]
    return EmbeddedItems(n_items, missing.num_rows, round(time.monotonic() - started, 2))


def _assign(warehouse: Warehouse, incoming: pa.Table | None, *, code_version: str) -> None:
    none = pa.table(
        {"text_hash": pa.array([], pa.string()), "embedding": pa.array([], pa.list_(pa.float32(), DIMENSION))}
    )
    params = {
        "sha256": WEIGHTS_SHA256,
        "model": MODEL,
        "code_version": code_version,
        "now": datetime.now(UTC).replace(tzinfo=None),
    }

    def assign(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("incoming", none if incoming is None else incoming)
        connection.execute(ASSIGN, params)
        connection.execute(REPLACE)

    warehouse.write(assign)
