"""K x K matrices give the same scores as d-dimensional vectors."""

from __future__ import annotations

import numpy as np
import torch

from python_assets.encoder.geometry import cosine_scores, item_geometry, pair_cosines
from python_assets.encoder.model import PreferenceEncoder, load_frozen, save_frozen
from python_assets.study import Encoder


def _direct(mixtures: torch.Tensor, prototypes: torch.Tensor, projections: torch.Tensor) -> torch.Tensor:
    user = mixtures @ prototypes
    item = torch.einsum("uk,nkd->und", mixtures, projections)
    return torch.nn.functional.cosine_similarity(user[:, None], item, dim=2)


def test_scores_equal_the_d_dimensional_computation() -> None:
    generator = torch.Generator().manual_seed(0)
    prototypes, projections = torch.randn(4, 128, generator=generator), torch.randn(30, 4, 128, generator=generator)
    mixtures = torch.softmax(torch.randn(20, 4, generator=generator), dim=1)
    geometry = item_geometry(torch.cat([prototypes[None], projections]))
    direct = _direct(mixtures, prototypes, projections)
    torch.testing.assert_close(cosine_scores(mixtures, geometry), direct, rtol=1e-5, atol=1e-6)
    users, items = torch.arange(20), torch.arange(20) % 30
    torch.testing.assert_close(
        pair_cosines(mixtures[users], geometry, items), direct[users, items], rtol=1e-5, atol=1e-6
    )


def test_a_checkpoint_scores_as_the_model_it_was_made_of() -> None:
    context = torch.randn(384, generator=torch.Generator().manual_seed(1))
    texts = np.random.default_rng(0).normal(size=(10, 384)).astype(np.float32)
    model = PreferenceEncoder(Encoder(), n_users=5, context=context, seed=2).eval()
    loaded = load_frozen(save_frozen(model))
    first, second = model.catalogue_geometry(texts), loaded.catalogue_geometry(texts, batch=3)
    for ours, theirs in zip(first, second, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    assert loaded.scale() == model.scale()
    assert len(loaded.w) == 0
