"""The four stages of a run; each is one job, so that the UI and the command line start the same things."""

from __future__ import annotations

import dagster as dg

from dagster_defs.partitions import POPULATIONS, SPLITS

PUBLISHED = dg.AssetSelection.groups("results") | dg.AssetSelection.groups("report")
BY_SPLIT = dg.AssetSelection.assets(
    *(
        ["ml", name]
        for name in ("encoder_runs", "user_embeddings", "instrument_retests", "reference_embeddings", "anchor_scores")
    )
)
BY_POPULATION = dg.AssetSelection.assets(
    *(
        ["ml", name]
        for name in (
            "personas",
            "ratings",
            "persona_embeddings",
            "population_scores",
            "paired_scores",
            "paired_distances",
        )
    )
)

FRESHNESS = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(["ml", "user_embeddings"]), "follows_the_corpus"))

prepare = dg.define_asset_job(
    "prepare",
    selection=(dg.AssetSelection.all() - BY_SPLIT - BY_POPULATION - PUBLISHED) | FRESHNESS,
    description="Files to corpus, item vectors and probes, and whether the results are of this corpus.",
)
encode = dg.define_asset_job(
    "encode",
    selection=BY_SPLIT,
    partitions_def=SPLITS,
    description="Encoders, users, references and baselines of a split.",
)
evaluate = dg.define_asset_job(
    "evaluate",
    selection=BY_POPULATION,
    partitions_def=POPULATIONS,
    description="Personas, ratings, places and scores of one population on one split.",
)
publish = dg.define_asset_job("publish", selection=PUBLISHED, description="Result tables and the report.")

JOBS = [prepare, encode, evaluate, publish]
