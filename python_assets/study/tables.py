"""The study as rows, so that SQL and every reader of the warehouse see the settings it was built with."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from python_assets.study import IMPORTED, Study


def study_tables(study: Study) -> dict[str, pa.Table]:
    """Rows of ``raw.study``, ``raw.splits``, ``raw.populations`` and ``raw.instruments``."""
    probes = study.probes.per_band()
    settings: dict[str, Any] = {
        "name": study.name,
        "seed": study.seed,
        "settings": study.model_dump_json(),
        "config_hash": study.config_hash(),
        "core": study.core,
        "pair_min_gap": study.pairs.min_gap,
        "max_pairs_per_user": study.pairs.max_pairs_per_user,
        **{f"{band}_probes": count for band, count in probes.items()},
        "refresh_probes": study.probes.refresh,
        "head_items": study.probes.head_items,
        "torso_items": study.probes.torso_items,
        "grounding_window": study.grounding.window,
        **study.grounding.model_dump(include={"min_reviews", "top_items", "title_chars", "snippet_chars"}),
    }
    populations = [
        {
            "population": population.name,
            "condition": population.condition,
            "size": population.size,
            "rater": rater_label(study, population.name),
            "backend": population.rater.backend,
            "model": population.rater.model,
            "elicitation": population.rater.elicitation,
            "pair_gap": population.rater.pair_gap,
            "config_hash": population.config_hash(),
        }
        for population in study.populations
    ]
    instruments = [
        {
            "instrument": name,
            "settings": json.dumps(instrument.model_dump(mode="json")),
            "config_hash": instrument.config_hash(),
            "seeds": list(study.encoder_seeds(name)),
        }
        for name, instrument in study.instruments.items()
    ]
    members = [{"split": split, "category": category} for split, names in study.splits.items() for category in names]
    return {
        "raw.study": pa.Table.from_pylist([settings]),
        "raw.splits": pa.Table.from_pylist(members),
        "raw.populations": pa.Table.from_pylist(populations),
        "raw.instruments": pa.Table.from_pylist(instruments),
    }


def rater_label(study: Study, population: str) -> str:
    """Who rates, in one word for tables: the control's name, or the model and how it was asked."""
    rater = study.population(population).rater
    if rater.is_control:
        return rater.backend
    if rater.backend == IMPORTED:
        return f"{rater.model} ({IMPORTED})" if rater.model else IMPORTED
    return f"{str(rater.model).rsplit('/', 1)[-1]} ({rater.elicitation})"
