"""Algorithm 1 in one batch against the same persona by persona, and what a rating can and cannot say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.plain_encoder import PlainEncoder, plain_placement
from python_assets.encoder.model import PreferenceEncoder
from python_assets.encoder.users import score_items
from python_assets.placement.fit import place_personas, start_logits
from python_assets.study import Encoder, Placement

PROBES = np.random.default_rng(0).normal(size=(24, 384)).astype(np.float32)
CONTEXT = torch.from_numpy(PROBES.mean(axis=0))
SETTINGS = Encoder(logit_scale_init=2.0)


def _model() -> PreferenceEncoder:
    return PreferenceEncoder(SETTINGS, n_users=0, context=CONTEXT, seed=4).eval()


def _ratings(personas: int) -> np.ndarray:
    return np.random.default_rng(1).integers(1, 6, size=(personas, len(PROBES))).astype(float)


def test_the_batch_equals_algorithm_1_persona_by_persona() -> None:
    plain = PlainEncoder(SETTINGS, n_users=0, context=CONTEXT, seed=4)
    ratings, settings = _ratings(3), Placement()
    placed = place_personas(_model(), PROBES, ratings, settings, min_gap=1, seeds=[7, 8, 9])
    for row, seed in enumerate((7, 8, 9)):
        start = start_logits([seed], SETTINGS.prototypes, "normal")[0]
        alone = plain_placement(plain, torch.from_numpy(PROBES), torch.from_numpy(ratings[row]), settings, start)
        np.testing.assert_allclose(placed.mixtures[row], alone.numpy(), atol=2e-4)


@pytest.mark.parametrize("objective", ["bpr", "correlation"])
def test_a_place_does_not_depend_on_who_is_placed_with_it(objective: str) -> None:
    """To the last digit, so that personas placed anew stand beside kept ones as if all had been placed at once."""
    settings = Placement(steps=20, objective=objective)
    model, ratings = _model(), _ratings(70)
    together = place_personas(model, PROBES, ratings, settings, min_gap=1, seeds=range(70))
    for some in ([66], [3, 40, 69], list(range(5, 60))):
        apart = place_personas(model, PROBES, ratings[some], settings, min_gap=1, seeds=some)
        for values in ("mixtures", "embeddings", "loss", "n_pairs"):
            np.testing.assert_array_equal(getattr(together, values)[some], getattr(apart, values))


def test_constant_and_missing_ratings_have_no_place() -> None:
    ratings = _ratings(3)
    ratings[0] = 1.0
    ratings[1] = np.nan
    placed = place_personas(_model(), PROBES, ratings, Placement(steps=5), min_gap=1, seeds=[1, 2, 3])
    assert placed.placed.tolist() == [False, False, True]
    assert placed.n_pairs[:2].tolist() == [0, 0]
    assert np.isnan(placed.loss[:2]).all()
    assert np.isfinite(placed.loss[2])


def test_the_loss_is_that_of_eq_5_or_what_the_correlation_lacks() -> None:
    model, ratings = _model(), _ratings(2)
    geometry = model.catalogue_geometry(PROBES)
    for objective in ("bpr", "correlation"):
        settings = Placement(steps=3, objective=objective)
        placed = place_personas(model, PROBES, ratings, settings, min_gap=1, seeds=[1, 2])
        scores = score_items(model, placed.mixtures, geometry)
        for mine, given, loss in zip(scores, ratings, placed.loss, strict=True):
            ahead = (mine[:, None] - mine[None, :])[given[:, None] - given[None, :] >= 1]
            margins = float(model.scale().detach()) * ahead
            wanted = np.log1p(np.exp(-margins)).mean() if objective == "bpr" else 1 - np.corrcoef(mine, given)[0, 1]
            assert loss == pytest.approx(wanted, rel=1e-4)


def test_pairs_are_counted_by_the_gap() -> None:
    ratings = np.full((1, len(PROBES)), np.nan)
    ratings[0, :3] = [1.0, 1.05, 1.2]
    for gap, pairs in ((0.05, 3), (0.15, 2), (0.5, 0)):
        placed = place_personas(_model(), PROBES, ratings, Placement(steps=1), min_gap=gap, seeds=[1])
        assert placed.n_pairs.tolist() == [pairs]


@pytest.mark.parametrize("objective", ["bpr", "correlation"])
def test_a_perfect_rater_is_ordered_like_its_seed(objective: str) -> None:
    model = _model()
    truth = np.random.default_rng(3).dirichlet(np.ones(4), size=20).astype(np.float32)
    geometry = model.catalogue_geometry(PROBES)
    scores = score_items(model, truth, geometry)
    placement = Placement(objective=objective, learning_rate=0.05)
    placed = place_personas(model, PROBES, scores, placement, min_gap=1e-4, seeds=range(20))
    found = score_items(model, placed.mixtures, geometry)
    agreement = [np.corrcoef(a, b)[0, 1] for a, b in zip(scores, found, strict=True)]
    assert np.mean(agreement) > 0.9


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="24 probes"):
        place_personas(_model(), PROBES, np.ones((2, 5)), Placement(), min_gap=1, seeds=[1, 2])


def test_no_personas_give_empty_places() -> None:
    placed = place_personas(_model(), PROBES, np.empty((0, len(PROBES))), Placement(), min_gap=1, seeds=[])
    assert placed.mixtures.shape == (0, SETTINGS.prototypes)
    assert placed.embeddings.shape == (0, SETTINGS.dimension)
