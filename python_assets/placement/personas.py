"""From the warehouse's ratings to rows of ``ml.persona_embeddings``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from python_assets.encoder.model import PreferenceEncoder
from python_assets.placement.fit import Placed, place_personas
from python_assets.probe_items import ProbeItems
from python_assets.seeds import derive_seed
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import from_matrix

PERSONAS = """
    select persona_id, seed_user_id from ml.personas where split = $split and population = $population order by persona_id
"""
RATINGS = """
    select persona_id, item_id, case when elicitation = 'expected' then expected_rating else rating end as rating
    from ml.ratings
    where split = $split and population = $population and instrument in ('*', $instrument) and status = 'ok'
"""


class RatedPersonas(NamedTuple):
    """A population's answers.

    Attributes:
        persona_ids: Shape (P,).
        seed_user_ids: The seed user of each, or None, shape (P,).
        ratings: Rating or expected rating, NaN where there is none, shape (P, M).
    """

    persona_ids: list[str]
    seed_user_ids: list[str | None]
    ratings: np.ndarray


def read_ratings(
    warehouse: Warehouse, probes: ProbeItems, *, split: str, population: str, instrument: str
) -> RatedPersonas:
    """All personas of a population, rated or not, with their answers as a matrix."""
    params = {"split": split, "population": population}
    personas = warehouse.read(PERSONAS, params)
    answers = warehouse.read(RATINGS, {**params, "instrument": instrument})
    persona_ids = personas["persona_id"].to_pylist()
    ratings = np.full((len(persona_ids), len(probes.item_ids)), np.nan)
    row_of = {persona: row for row, persona in enumerate(persona_ids)}
    column_of = {item: column for column, item in enumerate(probes.item_ids)}
    rows = [row_of.get(persona, -1) for persona in answers["persona_id"].to_pylist()]
    columns = [column_of.get(item, -1) for item in answers["item_id"].to_pylist()]
    known = (np.array(rows, dtype=int) >= 0) & (np.array(columns, dtype=int) >= 0)
    values = answers["rating"].to_numpy(zero_copy_only=False).astype(float)
    ratings[np.array(rows, dtype=int)[known], np.array(columns, dtype=int)[known]] = values[known]
    return RatedPersonas(persona_ids, personas["seed_user_id"].to_pylist(), ratings)


def place_population(
    model: PreferenceEncoder,
    probes: ProbeItems,
    rated: RatedPersonas,
    study: Study,
    *,
    population: str,
    instrument: str,
    seeds: Sequence[int],
) -> Placed:
    """Algorithm 1 with the study's settings, from the starts that ``start_seeds`` gives the whole population.

    No persona's fit looks at another's. With K = 4 a place is the same to the last digit whoever is placed together; with another
    K sums in float32 may be rounded otherwise, and it differs by about 1e-5 or less.
    """
    return place_personas(
        model,
        probes.vectors,
        rated.ratings,
        study.instruments[instrument].placement,
        min_gap=study.population(population).rater.pair_gap,
        seeds=seeds,
    )


def start_seeds(rated: RatedPersonas, study: Study, *, population: str) -> list[int]:
    """Seed of each persona's start, named after its seed user where it has one: numbers shift as users come and go.

    Of several personas of one user, which an import may bring, the others have their own name beside it: Algorithm 1 draws a
    start for each persona.
    """
    taken: set[str] = set()
    seeds = []
    for persona, seed_user in zip(rated.persona_ids, rated.seed_user_ids, strict=True):
        who = seed_user or persona
        name = [who, persona] if who in taken else [who]
        taken.add(who)
        seeds.append(derive_seed(study.seed, "place", population, *name))
    return seeds


def embedding_rows(
    rated: RatedPersonas,
    placed: Placed,
    study: Study,
    *,
    split: str,
    population: str,
    instrument: str,
    code_version: str,
) -> pa.Table:
    """Rows of ``ml.persona_embeddings``; a persona without a pair has no place, so its vectors are NULL."""
    rows, here = len(rated.persona_ids), placed.placed
    fixed = {"split": split, "population": population, "instrument": instrument, "code_version": code_version}
    nowhere = pa.array(~here)
    return pa.table(
        {
            **{name: [value] * rows for name, value in fixed.items()},
            "persona_id": pa.array(rated.persona_ids, pa.string()),
            "seed_user_id": pa.array(rated.seed_user_ids, pa.string()),
            "n_pairs": pa.array(placed.n_pairs, pa.int64()),
            "placed": pa.array(here, pa.bool_()),
            "loss": pa.array(placed.loss, pa.float64(), from_pandas=True),
            "mixture": _masked(placed.mixtures, nowhere),
            "embedding": _masked(placed.embeddings, nowhere),
            "seed": pa.array([study.seed] * rows, pa.int64()),
            "config_hash": [study.instruments[instrument].placement.config_hash()] * rows,
            "created_at": pa.array([datetime.now(UTC).replace(tzinfo=None)] * rows, pa.timestamp("us")),
        }
    )


def _masked(matrix: np.ndarray, missing: pa.BooleanArray) -> pa.Array:
    vectors = from_matrix(matrix)
    return pa.FixedSizeListArray.from_arrays(vectors.flatten(), matrix.shape[1], mask=missing)
