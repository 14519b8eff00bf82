"""A persona keeps its place while all that the place depends on stays: users folded into an encoder move nobody."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from python_assets.encoder.model import PreferenceEncoder
from python_assets.encoder.store import load_encoder
from python_assets.placement.personas import (
    RatedPersonas,
    embedding_rows,
    place_population,
    read_ratings,
    start_seeds,
)
from python_assets.probe_items import ProbeItems
from python_assets.study import Study
from python_assets.warehouse import Warehouse, replace_rows

SLICE = "split = $split and population = $population and instrument = $instrument"
STORED = f"select persona_id, inputs_hash from ml.persona_embeddings where {SLICE} order by persona_id"
# A seed user's persona may have another number by now.
KEPT = f"""
    create or replace temp table kept as
    with places as (
        select * from ml.persona_embeddings where {SLICE}
        qualify row_number() over (partition by inputs_hash order by persona_id) = 1
    )
    select places.* replace (wanted.persona_id as persona_id)
    from places inner join wanted on places.inputs_hash = wanted.inputs_hash
"""


def keep_places_current(
    warehouse: Warehouse,
    study: Study,
    probes: ProbeItems,
    *,
    probe_set: str,
    split: str,
    population: str,
    instrument: str,
    code_version: str,
) -> int:
    """Place the personas whose answers, encoder, probes or settings are not those of a place that is there.

    Returns:
        How many personas were placed anew.
    """
    key = {"split": split, "population": population, "instrument": instrument}
    with warehouse.reading():
        model = load_encoder(warehouse, split=split, instrument=instrument, seed=study.seed)
        rated = read_ratings(warehouse, probes, **key)
        stored = warehouse.rows(STORED, key)
    made_by = [code_version, probe_set]
    starts = start_seeds(rated, study, population=population)
    hashes = inputs_hashes(
        model, probes, rated, study, population=population, instrument=instrument, starts=starts, made_by=made_by
    )
    if stored == list(zip(rated.persona_ids, hashes, strict=True)):
        return 0
    known = {inputs for _, inputs in stored}
    missing = [row for row, inputs in enumerate(hashes) if inputs not in known]
    asked = RatedPersonas(
        [rated.persona_ids[row] for row in missing],
        [rated.seed_user_ids[row] for row in missing],
        rated.ratings[missing],
    )
    seeds = [starts[row] for row in missing]
    placed = place_population(model, probes, asked, study, population=population, instrument=instrument, seeds=seeds)
    rows = embedding_rows(asked, placed, study, **key, code_version=code_version)
    rows = rows.append_column("probe_set_hash", pa.array([probe_set] * len(missing), pa.string()))
    rows = rows.append_column("inputs_hash", pa.array([hashes[row] for row in missing], pa.string()))
    wanted = pa.table({"persona_id": rated.persona_ids, "inputs_hash": hashes})

    def save(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("wanted", wanted)
        connection.execute(KEPT, key)
        replace_rows(connection, "ml.persona_embeddings", rows, where=key)
        connection.execute("insert into ml.persona_embeddings by name select * from kept")

    warehouse.write(save)
    return len(missing)


def inputs_hashes(
    model: PreferenceEncoder,
    probes: ProbeItems,
    rated: RatedPersonas,
    study: Study,
    *,
    population: str,
    instrument: str,
    starts: Sequence[int],
    made_by: Sequence[str],
) -> list[str]:
    """Of each persona, sixteen hex digits of all that its place depends on."""
    settings = [
        study.instruments[instrument].placement.config_hash(),
        study.population(population).rater.pair_gap,
        *made_by,
    ]
    total = hashlib.sha256(json.dumps(settings).encode())
    total.update(_own_code())
    for name, weights in sorted(model.state_dict().items()):
        total.update(name.encode())
        total.update(np.ascontiguousarray(weights.numpy()).tobytes())
    total.update(np.ascontiguousarray(probes.vectors).tobytes())
    hashes = []
    for seed, seed_user, ratings in zip(starts, rated.seed_user_ids, rated.ratings, strict=True):
        own = total.copy()
        own.update(json.dumps([seed, seed_user]).encode())
        own.update(np.ascontiguousarray(ratings).tobytes())
        hashes.append(own.hexdigest()[:16])
    return hashes


@cache
def _own_code() -> bytes:
    here = Path(__file__).parent
    files = sorted(file for folder in (here, here.parent / "encoder") for file in folder.glob("*.py"))
    return b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)
