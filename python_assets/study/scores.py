"""What populations are compared with, and how."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from python_assets.study.settings import Settings

BASELINE_SOURCES = {
    "real_subsample": "reference",
    "random_baseline": "reference",
    "synthetic_dirichlet": "synthetic",
    "synthetic_gmm": "synthetic",
    "synthetic_prototype": "synthetic",
    "ignorant_rater": "control",
}
"""What every study compares its populations with, by name, and of which kind each is; no population may have these names."""


class Baselines(Settings):
    """Synthetic baselines (section 4, Table 6)."""

    dirichlet_concentration: float = Field(1.0, gt=0)
    """beta of the Dirichlet weights."""
    dirichlet_anchors: int = Field(3, ge=1)
    """Real users mixed into one synthetic user."""
    gmm_components: int = Field(16, ge=1)
    """Gaussian mixture components; fewer when there are fewer users."""
    gmm_covariance: Literal["full", "diag"] = "full"
    """Table 6 says full, the text says diagonal."""
    prototype_sigma: float = Field(0.01, ge=0)
    """Standard deviation of the noise added to a prototype mixture."""


class Metrics(Settings):
    """Distributional and paired metrics (section 3.4, Table 6)."""

    sample_size: int = Field(500, ge=2)
    """Rows a draw; smaller when a population or half the users is smaller."""
    resamples: int = Field(5, ge=1)
    """Draws averaged."""
    permutations: int = Field(500, ge=1)
    """B of the MMD permutation test."""
    projections: int = Field(500, ge=1)
    """L of the sliced Wasserstein distance."""
    neighbours: int = Field(5, ge=1)
    """k of PRDC coverage."""
    triplets: int = Field(10_000, ge=1)
    """(persona, item, item) triplets of the rank accuracy."""
    users: Literal["all", "with_pairs"] = "all"
    """Real users compared: all, as the paper, or only those with a training pair (the others stay at their random start)."""
