"""Scores of a split: first the references and baselines, then one persona population at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from python_assets.encoder.store import Users, load_encoder, load_users
from python_assets.metrics.paired import count_constant
from python_assets.metrics.paired_panel import PairedPanel, PersonaPlaces, paired_panel
from python_assets.metrics.panel import score_anchors, score_population, score_references
from python_assets.metrics.rows import anchor_rows, score_rows
from python_assets.placement.personas import read_ratings
from python_assets.populations.baselines import baseline_samplers
from python_assets.probe_items import read_probes
from python_assets.seeds import derive_seed
from python_assets.study import BASELINE_SOURCES, Study
from python_assets.study.tables import rater_label
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import from_matrix, to_matrix

PLACES = """
    select persona_id, seed_user_id, mixture, embedding from ml.persona_embeddings
    where split = $split and population = $population and instrument = $instrument and placed order by persona_id
"""
ASKED = "select count(*) from ml.persona_embeddings where split = $split and population = $population and instrument = $instrument"
ITEMS = """
    select embeddings.embedding from corpus.items as items
    inner join ml.item_embeddings as embeddings on items.category = embeddings.category and items.item_id = embeddings.item_id
    where items.split = $split order by items.item_id
"""


class ReferenceScores(NamedTuple):
    """Rows of ``ml.population_scores``, ``ml.anchor_scores`` and ``ml.reference_embeddings``; ``n`` is the rows compared."""

    scores: pa.Table
    anchors: pa.Table
    embeddings: pa.Table
    n: int


class PopulationScores(NamedTuple):
    """Rows of ``ml.population_scores`` and ``ml.anchor_scores``, and the paired panel; ``n`` is the rows compared."""

    scores: pa.Table
    anchors: pa.Table
    paired: PairedPanel
    n: int


def score_references_of(
    warehouse: Warehouse, study: Study, *, split: str, instrument: str, code_version: str
) -> ReferenceScores:
    """Real users against other real users, noise, the three synthetic baselines and the ignorant rater."""
    with warehouse.reading():
        model = load_encoder(warehouse, split=split, instrument=instrument, seed=study.seed)
        users = compared(load_users(warehouse, split=split, instrument=instrument, seed=study.seed), study)
    seed = scores_seed(study, split, instrument)
    temperature = study.instruments[instrument].encoder.mixture_temperature
    samplers = baseline_samplers(
        users.embeddings, model.prototypes().numpy(), study.baselines, temperature=temperature, seed=seed
    )
    scores = score_references(users.embeddings, settings=study.metrics, seed=seed)
    for name, sampler in samplers.items():
        if name not in scores:
            scores[name] = score_population(users.embeddings, sampler, settings=study.metrics, seed=seed)
    n = scores["real_subsample"][0].n
    anchors = score_anchors(users.embeddings, n=n, settings=study.metrics, seed=seed)
    fixed = _fixed(study, split, instrument, seed, code_version)
    draws = [
        _draw_rows(name, sampler(size=n, seed=derive_seed(seed, "picture", name)), fixed)
        for name, sampler in samplers.items()
    ]
    return ReferenceScores(
        scores=score_rows(scores, fixed, BASELINE_SOURCES),
        anchors=anchor_rows(anchors, split=split, instrument=instrument, n=n),
        embeddings=pa.concat_tables(draws),
        n=n,
    )


def score_personas_of(
    warehouse: Warehouse, study: Study, *, split: str, population: str, instrument: str, code_version: str
) -> PopulationScores:
    """One persona population: distributional scores, its own anchors, and the paired panel."""
    key = {"split": split, "population": population, "instrument": instrument}
    with warehouse.reading():
        model = load_encoder(warehouse, split=split, instrument=instrument, seed=study.seed)
        all_users = load_users(warehouse, split=split, instrument=instrument, seed=study.seed)
        table = warehouse.read(PLACES, key)
        probes = read_probes(warehouse, split)
        rated = read_ratings(warehouse, probes, split=split, population=population, instrument=instrument)
        ((n_personas,),) = warehouse.rows(ASKED, key)
        items = to_matrix(warehouse.read(ITEMS, {"split": split})["embedding"])
    users, seed = compared(all_users, study), scores_seed(study, split, instrument)
    row_of = {persona: row for row, persona in enumerate(rated.persona_ids)}
    ids = table["persona_id"].to_pylist()
    places = PersonaPlaces(
        persona_ids=ids,
        seed_user_ids=table["seed_user_id"].to_pylist(),
        mixtures=to_matrix(table["mixture"]),
        embeddings=to_matrix(table["embedding"]),
        ratings=rated.ratings[[row_of[persona] for persona in ids]],
    )
    paired = paired_panel(
        model,
        all_users,
        places,
        n_personas=n_personas,
        n_constant=count_constant(rated.ratings),
        items=items,
        probes=probes.vectors,
        settings=study.metrics,
        seed=derive_seed(seed, "paired", population),
    )
    settings = study.population(population)
    fixed = {
        **_fixed(study, split, instrument, seed, code_version),
        "condition": settings.condition,
        "rater": rater_label(study, population),
    }
    source = {population: "control" if settings.rater.is_control else "persona"}
    if not ids:
        return PopulationScores(
            score_rows({}, fixed, source), anchor_rows({}, split=split, instrument=instrument, n=0), paired, 0
        )
    scores = score_population(users.embeddings, places.embeddings, settings=study.metrics, seed=seed)
    n = scores[0].n
    anchors = score_anchors(users.embeddings, n=n, settings=study.metrics, seed=seed)
    return PopulationScores(
        scores=score_rows({population: scores}, fixed, source),
        anchors=anchor_rows(anchors, split=split, instrument=instrument, n=n),
        paired=paired,
        n=n,
    )


def scores_seed(study: Study, split: str, instrument: str) -> int:
    """All populations of a split and instrument share it, so that they meet the same real users."""
    return derive_seed(study.seed, "scores", split, instrument)


def compared(users: Users, study: Study) -> Users:
    """The real users that populations are compared with (``metrics.users``)."""
    if study.metrics.users == "all":
        return users
    return Users(*(column[users.n_train_pairs > 0] for column in users))


def _fixed(study: Study, split: str, instrument: str, seed: int, code_version: str) -> dict[str, object]:
    return {
        "split": split,
        "instrument": instrument,
        "seed": seed,
        "config_hash": study.metrics.config_hash(),
        "code_version": code_version,
    }


def _draw_rows(population: str, embeddings: np.ndarray, fixed: dict[str, object]) -> pa.Table:
    rows = len(embeddings)
    columns = {name: [fixed[name]] * rows for name in ("split", "instrument", "seed", "code_version")}
    return pa.table(
        {
            **columns,
            "population": [population] * rows,
            "source": [BASELINE_SOURCES[population]] * rows,
            "row_number": pa.array(range(rows), pa.int32()),
            "embedding": from_matrix(embeddings),
        }
    )
