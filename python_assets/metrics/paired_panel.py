"""All paired metrics of one population (section 3.4), and the distances behind Figure 6."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from python_assets.encoder.model import PreferenceEncoder
from python_assets.encoder.store import Users
from python_assets.encoder.users import score_items
from python_assets.metrics.cosine import mean_cosine
from python_assets.metrics.coverage import coverage
from python_assets.metrics.paired import norm_ratio, pair_distances, rank_accuracy, rating_correlation, somebody_else
from python_assets.metrics.scores import is_defined
from python_assets.populations.subspace import isometric_coordinates
from python_assets.study import Metrics

Value = tuple[float | None, float | None, int]

# Catalogue items that triplets are drawn from; a larger catalogue is sampled.
TRIPLET_ITEMS = 2000


class PersonaPlaces(NamedTuple):
    """A population where it was placed; rows of all arrays belong together.

    Attributes:
        persona_ids: Shape (P,).
        seed_user_ids: Seed users, or None, shape (P,).
        mixtures: Shape (P, K).
        embeddings: Shape (P, d).
        ratings: Shape (P, M).
    """

    persona_ids: list[str]
    seed_user_ids: list[str | None]
    mixtures: np.ndarray
    embeddings: np.ndarray
    ratings: np.ndarray


class PairedPanel(NamedTuple):
    """Values by metric (value, std over personas, n), and one row a persona for ``ml.paired_distances``."""

    values: dict[str, Value]
    distances: pa.Table


def paired_panel(
    model: PreferenceEncoder,
    users: Users,
    personas: PersonaPlaces,
    *,
    n_personas: int,
    n_constant: int,
    items: np.ndarray,
    probes: np.ndarray,
    settings: Metrics,
    seed: int,
) -> PairedPanel:
    """Everything that looks at personas one by one, and at the whole real population.

    Args:
        model: The frozen encoder.
        users: All real users.
        personas: Placed personas.
        n_personas: Personas asked for a place, placed or not.
        n_constant: Those among them that rate everything alike.
        items: phi of the catalogue, shape (items, 384).
        probes: phi of the probes, shape (M, 384).
        settings: Triplets and neighbours.
        seed: Seed of the triplets.
    """
    placed = len(personas.persona_ids)
    values: dict[str, Value] = {
        "n_personas": (n_personas, None, n_personas),
        "n_unplaceable": (n_personas - placed, None, n_personas),
        "n_constant": (n_constant, None, n_personas),
    }
    norms = np.linalg.norm(personas.embeddings, axis=1) if placed else np.empty(0)
    cosine, l2 = np.full(placed, np.nan), np.full(placed, np.nan)
    if placed:
        values["cos_std"] = (_spread(personas.embeddings), None, placed)
        values["norm_ratio"] = (norm_ratio(personas.embeddings, users.embeddings), None, placed)
        if is_defined("coverage", n=len(users.user_ids), neighbours=settings.neighbours):
            (real, synthetic), _ = isometric_coordinates(users.embeddings, personas.embeddings)
            full = coverage(real, synthetic, neighbours=settings.neighbours)
            values["coverage_full_population"] = (full, None, len(users.user_ids))
    paired = [row for row, user in enumerate(personas.seed_user_ids) if user is not None]
    if paired:
        rows = users.rows([str(personas.seed_user_ids[row]) for row in paired])
        own, seeds = personas.embeddings[paired], users.embeddings[rows]
        apart = pair_distances(own, seeds)
        cosine[paired], l2[paired] = apart
        values["pair_cosine_distance"] = _summary(apart.cosine)
        values["pair_l2_distance"] = _summary(apart.l2)
        if is_defined("cos_mean", n=len(paired), neighbours=settings.neighbours):
            values["matched_real_cos_mean"] = (*mean_cosine(seeds), len(paired))
        values["matched_real_cos_std"] = (_spread(seeds), None, len(paired))
        triplet_items = model.catalogue_geometry(_sample(items, seed=seed))
        mine = score_items(model, personas.mixtures[paired], triplet_items)
        theirs = score_items(model, users.mixtures[rows], triplet_items)
        ranks = rank_accuracy(mine, theirs, triplets=settings.triplets, seed=seed)
        values["rank_accuracy"] = (ranks.value, None, ranks.n_triplets)
        others = somebody_else([str(personas.seed_user_ids[row]) for row in paired])
        if others is not None:
            chance = rank_accuracy(mine, theirs[others], triplets=settings.triplets, seed=seed)
            values["rank_accuracy_of_others"] = (chance.value, None, chance.n_triplets)
        seed_scores = score_items(model, users.mixtures[rows], model.catalogue_geometry(probes))
        agreement = rating_correlation(personas.ratings[paired], seed_scores)
        values["rating_correlation"] = (agreement.mean, agreement.std, agreement.n_used)
        if others is not None:
            by_chance = rating_correlation(personas.ratings[paired], seed_scores[others])
            values["rating_correlation_of_others"] = (by_chance.mean, by_chance.std, by_chance.n_used)
    distances = pa.table(
        {
            "persona_id": pa.array(personas.persona_ids, pa.string()),
            "seed_user_id": pa.array(personas.seed_user_ids, pa.string()),
            "cosine_distance": pa.array(cosine, pa.float64(), from_pandas=True),
            "l2_distance": pa.array(l2, pa.float64(), from_pandas=True),
            "norm": pa.array(norms, pa.float64()),
        }
    )
    return PairedPanel(values, distances)


def _summary(values: np.ndarray) -> Value:
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else None, len(values)


def _spread(rows: np.ndarray) -> float | None:
    """Deviation of the cosines between rows; two rows have one cosine."""
    return mean_cosine(rows).std if len(rows) > 2 else None


def _sample(items: np.ndarray, *, seed: int) -> np.ndarray:
    if len(items) <= TRIPLET_ITEMS:
        return items
    return items[np.random.default_rng(seed).permutation(len(items))[:TRIPLET_ITEMS]]
