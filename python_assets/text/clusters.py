"""k-means inside each popularity band, for the choice of probes (section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from sklearn.cluster import KMeans, MiniBatchKMeans

from python_assets.seeds import derive_seed
from python_assets.warehouse import Warehouse, to_matrix

# Above this many items a band is clustered in mini-batches; below it, by full k-means with ten starts.
MINI_BATCH_FROM = 20_000

BANDS = """
    select bands.split, bands.band, bands.item_id, embeddings.embedding
    from probes.item_bands as bands
    inner join corpus.items as items on bands.split = items.split and bands.item_id = items.item_id
    inner join ml.item_embeddings as embeddings
        on items.category = embeddings.category and items.item_id = embeddings.item_id
    order by bands.split, bands.band, bands.item_id
"""


class Band(NamedTuple):
    """The items of one popularity band of one split, with their text vectors (items, 384)."""

    split: str
    band: str
    item_ids: np.ndarray
    vectors: np.ndarray


def read_bands(warehouse: Warehouse) -> list[Band]:
    """Every band of every split."""
    table = warehouse.read(BANDS)
    return list(_groups(table))


def _groups(table: pa.Table) -> Iterator[Band]:
    splits, bands = (table[name].to_numpy(zero_copy_only=False) for name in ("split", "band"))
    item_ids, vectors = table["item_id"].to_numpy(zero_copy_only=False), to_matrix(table["embedding"])
    for split, band in sorted(set(zip(splits, bands, strict=True))):
        rows = (splits == split) & (bands == band)
        yield Band(split, band, item_ids[rows], vectors[rows])


def cluster_bands(bands: list[Band], *, wanted: Mapping[str, int], seed: int, code_version: str) -> pa.Table:
    """Cluster each band into as many clusters as it should give probes; a smaller band gives every item its own.

    Args:
        bands: Items and vectors.
        wanted: Probes wanted of each band.
        seed: The study's seed.
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
                    "code_version": [code_version] * rows,
                }
            )
        )
    return pa.concat_tables(parts)


def _cluster(vectors: np.ndarray, count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if len(vectors) <= count:
        return np.arange(len(vectors)), np.zeros(len(vectors))
    # Items with the same text are one point: more clusters than points would leave some empty.
    count = min(count, len(np.unique(vectors, axis=0)))
    kind = MiniBatchKMeans if len(vectors) > MINI_BATCH_FROM else KMeans
    model = kind(n_clusters=count, n_init=3 if kind is MiniBatchKMeans else 10, random_state=seed).fit(vectors)
    return model.labels_, np.linalg.norm(vectors - model.cluster_centers_[model.labels_], axis=1)
