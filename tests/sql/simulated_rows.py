"""A small warehouse with every hard case: re-reviews, tied times, lines of two times, weak users, users and items in two categories."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np

from python_assets.study import Grounding, Population, Probes, Rater, Source, Study
from tests.sql.reference_pipeline import Review, earliest_reviews, histories, peel_core, popularity_bands
from tests.sql.support import insert

NOW = datetime(2024, 1, 1)
MADE = {"seed": 42, "config_hash": "hash", "code_version": "test", "created_at": NOW}
METRICS = ("fpd", "mmd", "swd", "coverage")


def simulated_study() -> Study:
    """Two categories and their union, a 3-core, ten probes, personas, a perfect and a constant rater."""
    return Study(
        name="simulated",
        seed=7,
        sources=[Source(category=name, reviews=["unused"]) for name in ("Books", "Games")],
        splits={"Books": ["Books"], "Games": ["Games"], "Combined": ["Books", "Games"]},
        core=3,
        probes=Probes(count=10),
        grounding=Grounding(min_reviews=6, top_items=4),
        populations=[
            Population(name="grounded", condition="grounded", rater=Rater(backend="vllm", model="some-model")),
            Population(name="perfect", condition="control", rater=Rater(backend="perfect")),
            Population(name="constant", condition="control", rater=Rater(backend="constant")),
        ],
    )


def simulated_reviews(seed: int) -> list[Review]:
    """About 800 reviews of 60 users; a third of the users review both categories, and five item ids are in both."""
    rng = np.random.default_rng(seed)
    rows: list[Review] = []
    for category, first_user, first_item in (("Books", 0, 0), ("Games", 20, 20)):
        for user in range(first_user, first_user + 40):
            for _ in range(int(rng.integers(1, 22))):
                item = first_item + int(25 * rng.random() ** 1.5)
                days = int(rng.integers(0, 30))
                rating = float(rng.integers(1, 6))
                written = datetime(2020, 1, 1) + timedelta(days=days)
                rows.append(Review(category, f"u{user:02d}", f"i{item:02d}", rating, written, len(rows) + 1))
    # A changed file gave these another time.
    return rows + [row._replace(reviewed_at=row.reviewed_at + timedelta(hours=1)) for row in rows[::9]]


def fill_raw(connection: duckdb.DuckDBPyConnection, reviews: list[Review]) -> None:
    """Reviews, a catalogue that lacks every fifth item, and the record of the files."""
    origin = {"file": "reviews.jsonl", "batch_id": "batch"}
    written = [
        review._asdict() | origin | {"title": "Fine", "text": f"Text {review.line_number}"} for review in reviews
    ]
    insert(connection, "raw.reviews", written)
    known = sorted({(r.category, r.item_id) for r in reviews if not r.item_id.endswith(("0", "5"))})
    insert(
        connection,
        "raw.items",
        [
            {"category": category, "item_id": item, "title": f"Item {item}", "description": f"About {item}."}
            | {"file": "items.jsonl", "batch_id": "batch", "line_number": number}
            for number, (category, item) in enumerate(known)
        ],
    )
    file = {"path": "reviews.jsonl", "kind": "reviews", "category": "Books", "format": "amazon_2023", "sha256": "0"}
    counts = {
        "n_read": len(reviews) + 2,
        "n_accepted": len(reviews),
        "n_rejected": 1,
        "n_duplicate": 1,
        "n_corrected": 0,
    }
    insert(connection, "raw.ingested_files", [file | counts | {"bytes": 1, "batch_id": "batch", "ingested_at": NOW}])
    rejected = {"file": "reviews.jsonl", "line_number": 9, "reason": "no rating", "excerpt": "{}", "batch_id": "batch"}
    insert(connection, "raw.rejected_rows", [rejected])


def fill_clusters(connection: duckdb.DuckDBPyConnection, study: Study, reviews: list[Review]) -> None:
    """As many clusters in a band as probes are wanted, fewer where the band has fewer items; each item has another text."""
    kept = earliest_reviews(reviews)
    core = peel_core(((r.category, r.user_id, r.item_id) for r in kept), study.core)
    rows = histories([r for r in kept if (r.category, r.user_id, r.item_id) in core], study.splits)
    bands = popularity_bands(rows, head=study.probes.head_items, torso=study.probes.torso_items)
    members: dict[tuple[str, str], list[str]] = {}
    for (split, item), band in sorted(bands.items()):
        members.setdefault((split, band), []).append(item)
    clusters = [
        {"split": split, "band": band, "item_id": item, "cluster": number % study.probes.per_band()[band]}
        | {"distance": float(number // 2), "seed": 42, "code_version": "test"}
        | {"categories": "|".join(sorted(study.splits[split]))}
        for (split, band), items in members.items()
        for number, item in enumerate(items)
    ]
    insert(connection, "ml.item_clusters", clusters)
    items = sorted({(category, item) for category, _, item in core})
    embeddings = [
        {"category": category, "item_id": item, "text_hash": f"{category} {item}", "embedding": [0.0] * 384}
        | {"model": "test", "model_sha256": "0", "code_version": "test", "created_at": NOW}
        for category, item in items
    ]
    insert(connection, "ml.item_embeddings", embeddings)


def fill_scores(connection: duckdb.DuckDBPyConnection, study: Study) -> None:
    """Scores of references, personas and controls, and an encoder trained twice."""
    scores: list[dict[str, Any]] = []
    for split in study.splits:
        for name, source, condition, rater, value in (
            ("real_subsample", "reference", None, None, 0.25),
            ("random_baseline", "reference", None, None, 0.75),
            ("grounded", "persona", "grounded", "some-model", 2.0),
            ("perfect", "control", "control", "perfect", 0.5),
            ("ignorant_rater", "control", None, None, 0.375),
        ):
            known = {"split": split, "population": name, "source": source, "condition": condition, "rater": rater}
            for metric in METRICS:
                close = 1 - value / 2 if metric == "coverage" else value
                scores.append(
                    known | MADE | {"instrument": "paper", "metric": metric, "value": close, "n": 30, "resamples": 5}
                )
    insert(connection, "ml.population_scores", scores)
    insert(
        connection,
        "ml.anchor_scores",
        [
            {"split": split, "instrument": "paper", "n": 30, "metric": metric, "anchor": "paper"}
            | {"floor_value": 0.875 if metric == "coverage" else 0.25}
            | {"ceiling_value": 0.625 if metric == "coverage" else 0.75}
            for split in study.splits
            for metric in METRICS
        ],
    )
    paired = {"pair_cosine_distance": 0.25, "rank_accuracy": 0.75, "n_personas": 30.0, "n_unplaceable": 2.0}
    unplaced = {"n_personas": 30.0, "n_unplaceable": 30.0, "n_constant": 30.0}
    insert(
        connection,
        "ml.paired_scores",
        [
            MADE
            | {"split": split, "population": name, "instrument": "paper", "metric": metric, "value": value, "n": 30}
            for split in study.splits
            for name, values in (("grounded", paired), ("perfect", paired), ("constant", unplaced))
            for metric, value in values.items()
        ],
    )
    seeds = study.encoder_seeds("paper")
    counts = dict.fromkeys(("n_users", "n_items", "n_train_pairs", "n_validation_pairs", "n_test_pairs"), 9)
    run: dict[str, Any] = {**counts, "epochs": 2, "best_epoch": 1, "logit_scale": 2.0, "init_correlation": 0.5}
    run |= {"data_hash": "hash", "checkpoint": b"0", "history": "[]", "seconds": 1.0} | MADE
    insert(
        connection,
        "ml.encoder_runs",
        [run | {"split": split, "instrument": "paper", "seed": seed} for split in study.splits for seed in seeds],
    )
    retest = {"instrument": "paper", "seed": seeds[0], "other_seed": seeds[1], "metric": "user_cosine", "value": 0.75}
    insert(
        connection,
        "ml.instrument_retests",
        [retest | {"split": split, "code_version": "test"} for split in study.splits],
    )
