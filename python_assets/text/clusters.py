"""k-means inside each popularity band, for the choice of probes (section 3.3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from sklearn.cluster import KMeans, MiniBatchKMeans

from python_assets.columns import to_matrix
from python_assets.seeds import derive_seed
from python_assets.study import Study
from python_assets.warehouse import Warehouse

# Above this many items a band is clustered in mini-batches; below it, by full k-means with ten starts.
MINI_BATCH_FROM = 20_000

BANDS = """
    select bands.split, bands.band, bands.item_id, embeddings.embedding
    from probes.item_bands as bands
    inner join corpus.items as items on bands.split = items.split and bands.item_id = items.item_id
    inner join ml.item_embeddings as embeddings
        on items.category = embeddings.category and items.item_id = embeddings.item_id
    where not list_contains($kept, bands.split)
    order by bands.split, bands.band, bands.item_id
"""
# An encoder has asked these splits' probes, and nothing that chose them has changed.
CHOSEN = """
    select split from ml.item_clusters
    group by split
    having bool_and(config_hash = $config_hash and code_version = $code_version)
        and split in (select split from ml.encoder_runs)
    order by split
"""


SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("band", pa.string()),
        ("item_id", pa.string()),
        ("cluster", pa.int32()),
        ("distance", pa.float64()),
        ("seed", pa.int64()),
        ("config_hash", pa.string()),
        ("code_version", pa.string()),
    ]
)
"""Columns of ``ml.item_clusters``."""


class Band(NamedTuple):
    """The items of one popularity band of one split, with their text vectors (items, 384)."""

    split: str
    band: str
    item_ids: np.ndarray
    vectors: np.ndarray


def refresh_clusters(warehouse: Warehouse, study: Study, *, code_version: str) -> pa.Table:
    """Cluster the splits whose probes are still to be chosen; the others keep the clusters that their probes came from.

    Returns:
        The new rows of ``ml.item_clusters``.
    """
    settings = study.probes.model_dump(exclude={"refresh"}) | {"seed": study.seed}
    config_hash = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    made = {"config_hash": config_hash, "code_version": code_version}
    chosen = [] if study.probes.refresh else [split for (split,) in warehouse.rows(CHOSEN, made)]
    kept = [split for split in chosen if split in study.splits]
    rows = cluster_bands(read_bands(warehouse, kept=kept), wanted=study.probes.per_band(), seed=study.seed, **made)

    def save(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("delete from ml.item_clusters where not list_contains($kept, split)", {"kept": kept})
        connection.register("incoming", rows)
        connection.execute("insert into ml.item_clusters by name select * from incoming")

    warehouse.write(save)
    return rows


def read_bands(warehouse: Warehouse, *, kept: Sequence[str] = ()) -> list[Band]:
    """Every band of every split but those kept."""
    table = warehouse.read(BANDS, {"kept": list(kept)})
    return list(_groups(table))


def _groups(table: pa.Table) -> Iterator[Band]:
    splits, bands = (table[name].to_numpy(zero_copy_only=False) for name in ("split", "band"))
    item_ids, vectors = table["item_id"].to_numpy(zero_copy_only=False), to_matrix(table["embedding"])
    for split, band in sorted(set(zip(splits, bands, strict=True))):
        rows = (splits == split) & (bands == band)
        yield Band(split, band, item_ids[rows], vectors[rows])


def cluster_bands(
    bands: list[Band], *, wanted: Mapping[str, int], seed: int, config_hash: str, code_version: str
) -> pa.Table:
    """Cluster each band into as many clusters as it should give probes; a smaller band gives every item its own.

    Args:
        bands: Items and vectors.
        wanted: Probes wanted of each band.
        seed: The study's seed.
        config_hash: Of the settings, recorded with each row.
        code_version: Recorded with each row.

    Returns:
        Rows of ``ml.item_clusters``: the cluster of each item and its distance to the centre.
    """
    parts = []
    for band in bands:
        count = wanted[band.band]
        if not count or not len(band.item_ids):
            continue
        band_seed = derive_seed(seed, "clusters", band.split, band.band)
        labels, distances = _cluster(band.vectors, count, seed=band_seed)
        rows = len(band.item_ids)
        parts.append(
            pa.table(
                {
                    "split": [band.split] * rows,
                    "band": [band.band] * rows,
                    "item_id": pa.array(band.item_ids, pa.string()),
                    "cluster": pa.array(labels, pa.int32()),
                    "distance": pa.array(distances, pa.float64()),
                    "seed": pa.array([band_seed] * rows, pa.int64()),
                    "config_hash": [config_hash] * rows,
                    "code_version": [code_version] * rows,
                }
            )
        )
    return pa.concat_tables(parts or [SCHEMA.empty_table()])


def _cluster(vectors: np.ndarray, count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if len(vectors) <= count:
        return np.arange(len(vectors)), np.zeros(len(vectors))
    # Items with the same text are one point: more clusters than points would leave some empty.
    count = min(count, len(np.unique(vectors, axis=0)))
    kind = MiniBatchKMeans if len(vectors) > MINI_BATCH_FROM else KMeans
    model = kind(n_clusters=count, n_init=3 if kind is MiniBatchKMeans else 10, random_state=seed).fit(vectors)
    return model.labels_, np.linalg.norm(vectors - model.cluster_centers_[model.labels_], axis=1)
