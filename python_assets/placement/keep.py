"""Places stay while all that they depend on stays: new users folded into an encoder move no persona."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from python_assets.encoder.model import PreferenceEncoder
from python_assets.encoder.store import load_encoder
from python_assets.placement.personas import RatedPersonas, embedding_rows, place_population, read_ratings
from python_assets.probe_items import ProbeItems
from python_assets.study import Study
from python_assets.warehouse import Warehouse

INPUTS = """
    select inputs_hash, count(*) from ml.persona_embeddings
    where split = $split and population = $population and instrument = $instrument group by inputs_hash
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
    """Place a population, unless its answers, the encoder, the probes and the settings are those of its places.

    Returns:
        How many personas were placed anew.
    """
    key = {"split": split, "population": population, "instrument": instrument}
    model = load_encoder(warehouse, split=split, instrument=instrument, seed=study.seed)
    rated = read_ratings(warehouse, probes, **key)
    inputs = inputs_hash(
        model, probes, rated, study, population=population, instrument=instrument, made_by=[code_version, probe_set]
    )
    if warehouse.rows(INPUTS, key) == [(inputs, len(rated.persona_ids))]:
        return 0
    placed = place_population(model, probes, rated, study, population=population, instrument=instrument)
    rows = embedding_rows(rated, placed, study, **key, code_version=code_version)
    for name, value in {"probe_set_hash": probe_set, "inputs_hash": inputs}.items():
        rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    warehouse.replace_slice("ml.persona_embeddings", rows, where=key)
    return rows.num_rows


def inputs_hash(
    model: PreferenceEncoder,
    probes: ProbeItems,
    rated: RatedPersonas,
    study: Study,
    *,
    population: str,
    instrument: str,
    made_by: Sequence[str],
) -> str:
    """Sixteen hex digits of all that a population's places depend on; new users folded into an encoder change nothing."""
    settings = [
        rated.persona_ids,
        rated.seed_user_ids,
        study.seed,
        study.instruments[instrument].placement.config_hash(),
        study.population(population).rater.pair_gap,
        population,
        *made_by,
    ]
    total = hashlib.sha256(json.dumps(settings).encode())
    total.update(_own_code())
    for name, weights in sorted(model.state_dict().items()):
        total.update(name.encode())
        total.update(np.ascontiguousarray(weights.numpy()).tobytes())
    for matrix in (probes.vectors, rated.ratings):
        total.update(np.ascontiguousarray(matrix).tobytes())
    return total.hexdigest()[:16]


@cache
def _own_code() -> bytes:
    here = Path(__file__).parent
    files = sorted(file for folder in (here, here.parent / "encoder") for file in folder.glob("*.py"))
    return b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)
