"""Every paired number of a population stands under its own name, and looks at the right people."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from python_assets.encoder.model import PreferenceEncoder
from python_assets.encoder.store import Users
from python_assets.encoder.users import score_items
from python_assets.metrics import paired_panel as module
from python_assets.metrics.cosine import mean_cosine
from python_assets.metrics.coverage import coverage
from python_assets.metrics.paired import norm_ratio, pair_distances, rank_accuracy, rating_correlation
from python_assets.metrics.paired_panel import PairedPanel, PersonaPlaces, paired_panel
from python_assets.study import Encoder, Metrics

SETTINGS = Metrics(triplets=400, neighbours=3)
ITEMS = np.random.default_rng(0).normal(size=(30, 384)).astype(np.float32)
PROBES = ITEMS[:12]
MODEL = PreferenceEncoder(Encoder(), n_users=0, context=torch.from_numpy(ITEMS.mean(axis=0)), seed=4).eval()


def placed(mixtures: np.ndarray) -> np.ndarray:
    return mixtures @ MODEL.prototypes().numpy()


RNG = np.random.default_rng(1)
MIXTURES = RNG.dirichlet(np.ones(4), 40).astype(np.float32)
USERS = Users(np.array([f"u{n}" for n in range(40)]), MIXTURES, placed(MIXTURES), np.ones(40, dtype=int))
# Of user 7, of nobody, and of the users 3 and 21.
SEEDS = ["u7", None, "u3", "u21"]
OWN = RNG.dirichlet(np.ones(4), 4).astype(np.float32)
RATINGS = RNG.integers(1, 6, (4, 12)).astype(float)
RATINGS[3] = 3
PERSONAS = PersonaPlaces(["a", "b", "c", "d"], SEEDS, OWN, placed(OWN), RATINGS)
ROWS, THEIRS = [0, 2, 3], [7, 3, 21]


def panel(personas: PersonaPlaces = PERSONAS, settings: Metrics = SETTINGS) -> PairedPanel:
    given = {"n_personas": 6, "n_constant": 2, "items": ITEMS, "probes": PROBES, "settings": settings, "seed": 5}
    return paired_panel(MODEL, USERS, personas, **given)


def scores(mixtures: np.ndarray, items: np.ndarray) -> np.ndarray:
    return score_items(MODEL, mixtures, MODEL.catalogue_geometry(items))


def test_each_value_is_that_of_its_metric() -> None:
    values = panel().values
    apart = pair_distances(PERSONAS.embeddings[ROWS], USERS.embeddings[THEIRS])
    assert values["n_personas"] == (6, None, 6)
    assert values["n_unplaceable"] == (2, None, 6)
    assert values["n_constant"] == (2, None, 6)
    assert values["pair_cosine_distance"] == (apart.cosine.mean(), apart.cosine.std(ddof=1), 3)
    assert values["pair_l2_distance"] == (apart.l2.mean(), apart.l2.std(ddof=1), 3)
    # Of everybody who is placed, whether for a user or not.
    assert values["norm_ratio"] == (norm_ratio(PERSONAS.embeddings, USERS.embeddings), None, 4)
    assert values["coverage_full_population"] == (
        pytest.approx(coverage(USERS.embeddings, PERSONAS.embeddings, neighbours=3)),
        None,
        40,
    )
    assert values["cos_std"] == (mean_cosine(PERSONAS.embeddings).std, None, 4)
    assert values["matched_real_cos_std"] == (mean_cosine(USERS.embeddings[THEIRS]).std, None, 3)
    # Of the seed users, whom the personas' own cosine is held against.
    assert values["matched_real_cos_mean"] == (*mean_cosine(USERS.embeddings[THEIRS]), 3)


def test_rank_accuracy_is_of_the_catalogue_and_rating_correlation_of_the_probes() -> None:
    values = panel().values
    ranks = rank_accuracy(scores(OWN[ROWS], ITEMS), scores(MIXTURES[THEIRS], ITEMS), triplets=400, seed=5)
    assert values["rank_accuracy"] == (ranks.value, None, 400)
    chance = rank_accuracy(scores(OWN[ROWS], ITEMS), scores(MIXTURES[[21, 7, 3]], ITEMS), triplets=400, seed=5)
    assert values["rank_accuracy_of_others"] == (chance.value, None, 400)
    agreement = rating_correlation(RATINGS[ROWS], scores(MIXTURES[THEIRS], PROBES))
    assert values["rating_correlation"] == (agreement.mean, agreement.std, 2)
    by_chance = rating_correlation(RATINGS[ROWS], scores(MIXTURES[[21, 7, 3]], PROBES))
    assert values["rating_correlation_of_others"] == (by_chance.mean, by_chance.std, 2)


def test_each_distance_is_of_its_own_persona() -> None:
    apart = pair_distances(PERSONAS.embeddings[ROWS], USERS.embeddings[THEIRS])
    rows = {row["persona_id"]: row for row in panel().distances.to_pylist()}
    assert [(name, row["seed_user_id"]) for name, row in rows.items()] == list(zip("abcd", SEEDS, strict=True))
    assert (rows["b"]["cosine_distance"], rows["b"]["l2_distance"]) == (None, None)
    assert [rows[name]["cosine_distance"] for name in "acd"] == pytest.approx(apart.cosine)
    assert [rows[name]["l2_distance"] for name in "acd"] == pytest.approx(apart.l2)
    assert [row["norm"] for row in rows.values()] == pytest.approx(np.linalg.norm(PERSONAS.embeddings, axis=1))


def test_nobody_placed_leaves_the_counts() -> None:
    nobody = PersonaPlaces([], [], OWN[:0], PERSONAS.embeddings[:0], RATINGS[:0])
    found = panel(nobody)
    assert found.values == {"n_personas": (6, None, 6), "n_unplaceable": (6, None, 6), "n_constant": (2, None, 6)}
    assert found.distances.num_rows == 0


def test_one_seed_user_is_like_nobody() -> None:
    """Two personas have a place, one of them for a user."""
    few = PersonaPlaces(["a", "b"], ["u7", None], OWN[:2], PERSONAS.embeddings[:2], RATINGS[:2])
    values = panel(few).values
    assert "matched_real_cos_mean" not in values
    assert values["matched_real_cos_std"] == (None, None, 1)
    assert values["pair_cosine_distance"][2] == 1


def test_without_seed_users_nothing_is_paired() -> None:
    crowd = panel(PERSONAS._replace(seed_user_ids=[None] * 4))
    assert set(crowd.values) == {
        "n_personas",
        "n_unplaceable",
        "n_constant",
        "norm_ratio",
        "cos_std",
        "coverage_full_population",
    }
    assert crowd.distances["cosine_distance"].null_count == 4


def test_a_large_catalogue_is_sampled_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRIPLET_ITEMS", 10)
    first, again = (module._sample(ITEMS, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first, axis=0)) == 10
    assert not np.array_equal(first, module._sample(ITEMS, seed=6))
    np.testing.assert_array_equal(module._sample(ITEMS[:10], seed=5), ITEMS[:10])
