"""The study: every setting once, with the paper's value as its default where docs/decisions.md gives no other.

A study is read from YAML (see ``files.py``). Symbols of the paper and the names used here:

| paper | here |
|---|---|
| K, d | ``encoder.prototypes``, ``encoder.dimension`` |
| tau, sigma | ``encoder.mixture_temperature``, logit scale (``exp(sigma)``) |
| M | ``probes.count`` |
| B, L, k | ``metrics.permutations``, ``metrics.projections``, ``metrics.neighbours`` |
| beta, n_anchor, K_GMM, sigma (Table 6) | ``baselines.*`` |
"""

from python_assets.study.corpus import Grounding, Pairs, Probes, Source
from python_assets.study.instrument import Encoder, Instrument, Placement
from python_assets.study.population import CONTROL_BACKENDS, IMPORTED, LLM_BACKENDS, Population, Rater, Writer
from python_assets.study.scores import BASELINE_SOURCES, Baselines, Metrics
from python_assets.study.settings import Settings
from python_assets.study.study import Study

__all__ = [
    "BASELINE_SOURCES",
    "CONTROL_BACKENDS",
    "IMPORTED",
    "LLM_BACKENDS",
    "Baselines",
    "Encoder",
    "Grounding",
    "Instrument",
    "Metrics",
    "Pairs",
    "Placement",
    "Population",
    "Probes",
    "Rater",
    "Settings",
    "Source",
    "Study",
    "Writer",
]
