"""k-means inside each popularity band, for the choice of probes (section 3.3)."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning

from python_assets.seeds import derive_seed
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import to_matrix

# Above this many items a band is clustered in mini-batches; below it, by full k-means with ten starts.
MINI_BATCH_FROM = 20_000

BANDS = """
    select bands.split, bands.band, bands.item_id, embeddings.text_hash, embeddings.embedding
    from probes.item_bands as bands
    inner join corpus.items as items on bands.split = items.split and bands.item_id = items.item_id
    inner join ml.item_embeddings as embeddings
        on items.category = embeddings.category and items.item_id = embeddings.item_id
    where not list_contains($kept, bands.split)
    order by bands.split, bands.band, bands.item_id
"""
# An encoder of the split has met its probes: one of the same seed and categories. Older code wrote no categories down.
CHOSEN = """
    with chosen as (
        select split, any_value(categories) as categories, bool_and(config_hash = $config_hash) as is_of_settings
        from ml.item_clusters
        group by split
    )
    select split, categories, is_of_settings from chosen
    where exists (
        select 1 from ml.encoder_runs as runs
        where
            runs.split = chosen.split and runs.seed = $seed
            and coalesce(runs.categories = chosen.categories, true)
    )
    order by split
"""
PROBE_SETTINGS = "hash(seed, head_probes, torso_probes, tail_probes, head_items, torso_items)"
"""As dbt's macro of this name: what it chooses probes anew for."""
# Probes that dbt will keep, and whether the clusters hold them all. Others are to be chosen, though there are clusters already: a run
# that was stopped between the two left them, and bands may have changed since. Of clusters of older code nothing else says what
# categories they were made of.
KEPT = f"""
    select
        split,
        list(distinct category),
        bool_and((split, item_id, band, cluster) in (select (split, item_id, band, cluster) from ml.item_clusters))
    from probes.probe_items
    group by split
    having bool_and(settings_hash = (select {PROBE_SETTINGS} from raw.study))
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
        ("categories", pa.string()),
    ]
)
"""Columns of ``ml.item_clusters``."""


class ItemTextError(Exception):
    """The items' texts are of no use; the message says what to do."""


class Band(NamedTuple):
    """The items of one popularity band of one split, with hashes of their texts and the texts' vectors (items, 384)."""

    split: str
    band: str
    item_ids: np.ndarray
    text_hashes: np.ndarray
    vectors: np.ndarray


def refresh_clusters(warehouse: Warehouse, study: Study, *, code_version: str) -> pa.Table:
    """Cluster the splits whose probes are still to be chosen; the others keep the clusters that their probes came from.

    Args:
        warehouse: With the bands, the items' vectors and the study's settings.
        study: What it says of probes and splits.
        code_version: Recorded with new rows; newer code keeps the clusters of older, as dbt keeps the probes.

    Returns:
        The new rows of ``ml.item_clusters``.

    Raises:
        ItemTextError: All items of a split have the same text.
    """
    settings = study.probes.model_dump(exclude={"refresh"}) | {"seed": study.seed}
    config_hash = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    made = {"config_hash": config_hash, "code_version": code_version}
    categories = {split: "|".join(sorted(members)) for split, members in study.splits.items()}
    chosen = [] if study.probes.refresh else warehouse.rows(CHOSEN, {"config_hash": config_hash, "seed": study.seed})
    # Before there is an encoder there may be no table of probes.
    probes = {split: (members, is_in) for split, members, is_in in warehouse.rows(KEPT)} if chosen else {}
    kept = {
        split: made_of
        for split, made_of, is_of_settings in chosen
        if split in study.splits
        and made_of in (None, categories[split])
        and split in probes
        and set(probes[split][0]) <= set(study.splits[split])
        # Clusters of other settings are the probes' own all the same if they hold each of them.
        and (is_of_settings or probes[split][1])
    }
    bands = read_bands(warehouse, kept=list(kept))
    rows = cluster_bands(bands, wanted=study.probes.per_band(), seed=study.seed, categories=categories, **made)

    def save(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("delete from ml.item_clusters where not list_contains($kept, split)", {"kept": list(kept)})
        for split, made_of in kept.items():
            if made_of is None:
                named = [categories[split], split]
                connection.execute("update ml.item_clusters set categories = ? where split = ?", named)
        connection.register("incoming", rows)
        connection.execute("insert into ml.item_clusters by name select * from incoming")

    warehouse.write(save)
    return rows


def short_bands(rows: pa.Table, wanted: Mapping[str, int]) -> list[str]:
    """A sentence for each band that gives fewer probes than wanted.

    Args:
        rows: Of ``ml.item_clusters``.
        wanted: Probes wanted of each band.
    """
    found = rows.group_by(["split", "band"]).aggregate([("cluster", "count_distinct")]).to_pylist()
    return [
        f"{row['split']}: {row['cluster_count_distinct']:,} of {wanted[row['band']]:,} probes wanted in the {row['band']}, "
        "which has no more items with different texts"
        for row in sorted(found, key=lambda row: (row["split"], list(wanted).index(row["band"])))
        if row["cluster_count_distinct"] < wanted[row["band"]]
    ]


def _require_different_texts(bands: Sequence[Band]) -> None:
    for split in sorted({band.split for band in bands}):
        texts = np.concatenate([band.text_hashes for band in bands if band.split == split])
        if len(texts) > 1 and (texts == texts[0]).all():
            raise ItemTextError(
                f"All items of split {split} have the same text, so that nothing can tell them apart: name their item files "
                "(`items:` of the sources in the study), and run again."
            )


def read_bands(warehouse: Warehouse, *, kept: Sequence[str] = ()) -> list[Band]:
    """Every band of every split but those kept."""
    table = warehouse.read(BANDS, {"kept": list(kept)})
    return list(_groups(table))


def _groups(table: pa.Table) -> Iterator[Band]:
    splits, bands = (table[name].to_numpy(zero_copy_only=False) for name in ("split", "band"))
    item_ids, texts = (table[name].to_numpy(zero_copy_only=False) for name in ("item_id", "text_hash"))
    vectors = to_matrix(table["embedding"])
    for split, band in sorted(set(zip(splits, bands, strict=True))):
        rows = (splits == split) & (bands == band)
        yield Band(split, band, item_ids[rows], texts[rows], vectors[rows])


def cluster_bands(
    bands: list[Band],
    *,
    wanted: Mapping[str, int],
    seed: int,
    categories: Mapping[str, str],
    config_hash: str,
    code_version: str,
) -> pa.Table:
    """Cluster each band into as many clusters as it should give probes; a band of fewer texts gives each its own.

    Args:
        bands: Items and vectors.
        wanted: Probes wanted of each band.
        seed: The study's seed.
        categories: Of each split, recorded with each row.
        config_hash: Of the settings, recorded with each row.
        code_version: Recorded with each row.

    Returns:
        Rows of ``ml.item_clusters``: the cluster of each item and its distance to the centre.

    Raises:
        ItemTextError: All items of a split have the same text.
    """
    _require_different_texts(bands)
    parts = []
    for band in bands:
        count = wanted[band.band]
        if not count or not len(band.item_ids):
            continue
        band_seed = derive_seed(seed, "clusters", band.split, band.band)
        labels, distances = _cluster(band, count, seed=band_seed)
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
                    "categories": pa.array([categories[band.split]] * rows, pa.string()),
                }
            )
        )
    return pa.concat_tables(parts or [SCHEMA.empty_table()])


def _cluster(band: Band, count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    texts, vectors = _numbers(band.text_hashes), band.vectors
    if texts.max() < count:
        return texts, np.zeros(len(texts))
    kind = MiniBatchKMeans if len(vectors) > MINI_BATCH_FROM else KMeans
    model = kind(n_clusters=count, n_init=3 if kind is MiniBatchKMeans else 10, random_state=seed)
    with warnings.catch_warnings():
        # That it leaves clusters empty where texts hardly differ; see _fill.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(vectors)
    labels, distances = model.labels_, np.linalg.norm(vectors - model.cluster_centers_[model.labels_], axis=1)
    _fill(labels, distances, texts, count)
    return labels, distances


def _numbers(text_hashes: np.ndarray) -> np.ndarray:
    """Number the different texts from 0 as they come."""
    _, first, texts = np.unique(text_hashes, return_index=True, return_inverse=True)
    return np.asarray(first.argsort().argsort()[texts])


def _fill(labels: np.ndarray, distances: np.ndarray, texts: np.ndarray, count: int) -> None:
    """Give each cluster that k-means left empty the text that lies farthest from its centre, out of those with others.

    Args:
        labels: Cluster of each item, changed in place.
        distances: To its centre, changed in place.
        texts: Number of each item's text; there are ``count`` different ones or more.
        count: Clusters wanted.
    """
    for empty in sorted(set(range(count)) - set(labels)):
        n_texts = np.array([len(np.unique(texts[labels == label])) for label in range(count)])
        shared = np.flatnonzero(n_texts[labels] > 1)
        moved = texts == texts[shared[distances[shared].argmax()]]
        labels[moved], distances[moved] = empty, 0.0
