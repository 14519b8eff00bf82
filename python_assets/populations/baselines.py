"""The populations that need no persona, by the names they have in the results."""

from __future__ import annotations

from functools import partial

import numpy as np

from python_assets.populations.dirichlet import sample_dirichlet
from python_assets.populations.gaussian_mixture import fit_gaussian_mixture
from python_assets.populations.ignorant import sample_ignorant
from python_assets.populations.prototype import sample_prototype
from python_assets.populations.random_gaussian import fit_random_gaussian
from python_assets.populations.sampler import Sampler
from python_assets.seeds import derive_seed
from python_assets.study import Baselines


def baseline_samplers(
    users: np.ndarray, prototypes: np.ndarray, settings: Baselines, *, temperature: float, seed: int
) -> dict[str, Sampler]:
    """Samplers of the three synthetic baselines (section 4, Table 6), the random one, and the ignorant rater.

    Args:
        users: Real users, shape (N, d).
        prototypes: C, shape (K, d).
        settings: Table 6.
        temperature: tau of Eq. 1.
        seed: Seed of the Gaussian mixture's fit.
    """
    gmm_seed = derive_seed(seed, "gmm")
    return {
        "random_baseline": fit_random_gaussian(users),
        "synthetic_dirichlet": partial(
            sample_dirichlet, users, concentration=settings.dirichlet_concentration, anchors=settings.dirichlet_anchors
        ),
        "synthetic_gmm": fit_gaussian_mixture(
            users, components=settings.gmm_components, covariance=settings.gmm_covariance, seed=gmm_seed
        ),
        "synthetic_prototype": partial(sample_prototype, prototypes, sigma=settings.prototype_sigma),
        "ignorant_rater": partial(sample_ignorant, prototypes, temperature=temperature),
    }
