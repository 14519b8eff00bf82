"""Samples of embeddings and paired distances: what the figures draw as points and distributions."""

from __future__ import annotations

from typing import NamedTuple

import duckdb
import numpy as np

from python_assets.warehouse.columns import columns, to_matrix

REAL_POINTS = 400
MOST_POINTS = 1500

_KEYS = """
    select distinct split, instrument from ml.encoder_runs
    semi join raw.splits using (split) semi join raw.instruments using (instrument)
    order by all
"""
# Real users at the study's own seed (a retest's encoder has another); where that run is missing, the smallest seed.
_REAL = """
    with primary_run as (
        select e.seed from ml.encoder_runs as e cross join raw.study as s
        where e.split = $split and e.instrument = $instrument
        order by e.seed <> s.seed, e.seed limit 1
    )
    select embedding from ml.user_embeddings
    where split = $split and instrument = $instrument and seed = (select seed from primary_run)
        and (n_train_pairs > 0 or not $with_pairs)
    order by md5(user_id || cast(seed as varchar)), user_id limit $points
"""
# Whoever has no scores failed since the encoder was last trained, say: the places that are left are of the former space.
_OTHERS = """
    with points as (
        select e.population, if(p.condition = 'control', 'control', 'persona') as source,
            e.persona_id as point, e.embedding
        from ml.persona_embeddings as e
        semi join ml.paired_scores using (split, population, instrument)
        inner join raw.populations as p using (population)
        where e.split = $split and e.instrument = $instrument and e.placed and e.embedding is not null
        union all
        select population, source, cast(row_number as varchar), embedding from ml.reference_embeddings
        where split = $split and instrument = $instrument
    )
    select population, source, embedding from points
    qualify row_number() over (partition by population order by md5(population || point), point) <= $points
    order by population, md5(population || point), point
"""
_POPULATIONS = """
    select count(*) from (
        select distinct population from ml.persona_embeddings
        semi join raw.populations using (population)
        semi join ml.paired_scores using (split, population, instrument)
        where split = $split and instrument = $instrument and placed
        union all
        select distinct population from ml.reference_embeddings where split = $split and instrument = $instrument
    )
"""
_DISTANCES = """
    select split, instrument, population, list(cosine_distance order by persona_id) as distances
    from ml.paired_distances
    semi join raw.splits using (split) semi join raw.instruments using (instrument)
    semi join raw.populations using (population)
    where cosine_distance is not null group by all order by all
"""


class Cloud(NamedTuple):
    """Places under one instrument in one split.

    ``real`` has shape (rows, d); ``others`` maps a population to its source and its (rows, d) sample.
    """

    split: str
    instrument: str
    real: np.ndarray
    others: dict[str, tuple[str, np.ndarray]]


class Distances(NamedTuple):
    """Cosine distances between placed personas and their seed users."""

    split: str
    instrument: str
    population: str
    values: np.ndarray


def read_clouds(connection: duckdb.DuckDBPyConnection, *, with_pairs: bool) -> list[Cloud]:
    """A sample of at most ``MOST_POINTS`` places for every split and instrument that has an encoder.

    Args:
        connection: An open warehouse.
        with_pairs: Leave out real users without a training pair, as ``metrics.users: with_pairs`` does.
    """
    clouds = []
    keys = connection.execute(_KEYS).fetchall()
    for split, instrument in keys:
        where = {"split": split, "instrument": instrument}
        (n_populations,) = connection.execute(_POPULATIONS, where).fetchone() or (0,)
        share = min(200, (MOST_POINTS - REAL_POINTS) // max(n_populations, 1))
        real = columns(connection, _REAL, where | {"with_pairs": with_pairs, "points": REAL_POINTS})
        if real.num_rows == 0:
            continue
        table = columns(connection, _OTHERS, where | {"points": share})
        names, sources = (np.array(table[column].to_pylist(), dtype=object) for column in ("population", "source"))
        matrix = to_matrix(table["embedding"]) if table.num_rows else np.zeros((0, 1), dtype=np.float32)
        others = {name: (str(sources[names == name][0]), matrix[names == name]) for name in dict.fromkeys(names)}
        clouds.append(Cloud(split, instrument, to_matrix(real["embedding"]), others))
    return clouds


def read_distances(connection: duckdb.DuckDBPyConnection) -> list[Distances]:
    """Every population's paired cosine distances."""
    rows = connection.execute(_DISTANCES).fetchall()
    return [
        Distances(split, instrument, population, np.asarray(values)) for split, instrument, population, values in rows
    ]
