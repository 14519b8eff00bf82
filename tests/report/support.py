"""A warehouse as a finished run leaves it, filled with plausible rows: only the tables that the report reads."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from python_assets.warehouse import Warehouse
from tests.report.results import RESULTS_DDL, result_rows
from tests.report.world import SEED, Personas, World

AT = datetime(2026, 11, 20, 4, 30)
MADE = {"seed": SEED, "config_hash": "0011223344556677", "code_version": "0.1.0", "created_at": AT}
CORPUS_DDL = """
    create schema corpus; create schema probes;
    create table corpus.users (split varchar, user_id varchar, n_reviews bigint, n_train_pairs bigint);
    create table corpus.interactions (split varchar, user_id varchar, item_id varchar, fold varchar);
    create table corpus.preference_pairs (split varchar, user_id varchar, fold varchar);
    create table probes.probe_items (split varchar, item_id varchar, band varchar, probe_number bigint);
"""


def fill(path: Path, world: World) -> Warehouse:
    """Make the warehouse file."""
    warehouse = Warehouse(path)
    warehouse.prepare()
    rng = np.random.default_rng(SEED)
    prototypes = rng.normal(size=(4, 128))
    with warehouse.connect(read_only=False) as connection:
        connection.execute(CORPUS_DDL)
        _raw(connection, world)
        for split in world.splits:
            _corpus(connection, split, world)
            for personas in world.populations:
                _answers(connection, split, personas, world, rng)
            for instrument in world.instruments:
                _real(connection, split, instrument, world, prototypes, rng)
                for personas in world.populations:
                    _places(connection, split, instrument, personas, prototypes, rng)
        connection.execute(RESULTS_DDL)
        for table, rows in result_rows(world).items():
            names = dict.fromkeys(name for row in rows for name in row)
            insert(connection, table, **{name: [row.get(name) for row in rows] for name in names})
    return warehouse


def insert(connection: duckdb.DuckDBPyConnection, table: str, **columns: Any) -> None:
    """Insert columns by name; what is not a list is repeated."""
    n = max((len(column) for column in columns.values() if isinstance(column, list)), default=1)
    arrays = {name: column if isinstance(column, list) else [column] * n for name, column in columns.items()}
    connection.register("incoming", pa.table({name: pa.array(values) for name, values in arrays.items()}))
    connection.execute(f"insert into {table} by name select * from incoming")
    connection.unregister("incoming")


def _raw(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    populations = [{"name": p.name, "rater": {"base_url": "http://llm.internal:8000/v1"}} for p in world.populations]
    settings = {"core": 5, "splits": {split: [split] for split in world.splits}, "populations": populations}
    numbers = {"core": 5, "pair_min_gap": 1.0, "head_probes": 2, "torso_probes": 4, "tail_probes": 4, "head_items": 0.2}
    numbers |= {"torso_items": 0.4, "min_reviews": 10, "top_items": 20, "title_chars": 120, "snippet_chars": 160}
    study = {"name": "demo", "seed": SEED, "settings": json.dumps(settings), "config_hash": "abcdef0123456789"}
    insert(connection, "raw.study", **study, grounding_window="train", **numbers)
    for p in world.populations:
        made = {"backend": p.backend, "model": p.model, "elicitation": "likert", "config_hash": "0011"}
        row = {"population": p.name, "condition": p.condition, "size": p.n, "rater": p.backend, "pair_gap": 1.0}
        insert(connection, "raw.populations", **row, **made)
    splits = list(world.splits)
    insert(connection, "raw.splits", split=splits, category=splits)
    names = list(world.instruments)
    insert(
        connection,
        "raw.instruments",
        instrument=names,
        settings="{}",
        config_hash="8899aabbccddeeff",
        seeds=[[SEED, SEED + 1]] * len(names),
    )
    counts = {"n_read": [2600, 356], "n_accepted": [2535, 356], "n_rejected": [12, 0], "n_duplicate": [53, 0]}
    files = {"path": ["beauty/reviews.jsonl.gz", "beauty/meta.jsonl.gz"], "kind": ["reviews", "items"]}
    about = {"category": "All_Beauty", "format": "amazon_2023", "sha256": "53aa51172d142c89" * 4, "bytes": 10**6}
    insert(connection, "raw.ingested_files", **files, **counts, **about, n_corrected=1, batch_id="b1", ingested_at=AT)
    rejected = {"file": "reviews.jsonl.gz", "line_number": list(range(12)), "batch_id": "b1"}
    insert(connection, "raw.rejected_rows", **rejected, reason="rating is no number")


def _corpus(connection: duckdb.DuckDBPyConnection, split: str, world: World) -> None:
    users = [f"user{i}" for i in range(world.n_users)]
    n_pairs = [i % 40 for i in range(world.n_users)]
    insert(connection, "corpus.users", split=split, user_id=users, n_reviews=10, n_train_pairs=n_pairs)
    folds = ["train"] * 7 + ["validation"] * 2 + ["test"]
    items = [f"item{j}" for j in range(10)]
    for user in users[:20]:
        insert(connection, "corpus.interactions", split=split, user_id=user, item_id=items, fold=folds)
    insert(connection, "corpus.preference_pairs", split=split, user_id="user1", fold=folds[2:])
    bands = ["head"] * 2 + ["torso"] * 4 + ["tail"] * (world.n_probes - 6)
    insert(connection, "probes.probe_items", split=split, item_id=items, band=bands, probe_number=list(range(1, 11)))


def _answers(
    connection: duckdb.DuckDBPyConnection, split: str, p: Personas, world: World, rng: np.random.Generator
) -> None:
    people = [f"{p.name}-{i}" for i in range(p.n)]
    key = {"split": split, "population": p.name, "backend": p.backend, "model": p.model, "prompt_hash": "feedbeef"}
    seeds = [f"user{i}" if p.is_paired else None for i in range(p.n)]
    own = {"persona_id": people, "seed_user_id": seeds, "flags": [list(p.flags)] * p.n, "condition": p.condition}
    insert(connection, "ml.personas", **key, **own, **MADE, persona_text=p.text)
    values = rng.choice(5, size=p.n * world.n_probes, p=np.array(p.ratings) / sum(p.ratings)) + 1
    unread = rng.random(len(values)) < p.unread
    answers = {
        "persona_id": [person for person in people for _ in range(world.n_probes)],
        "item_id": [f"item{j}" for _ in people for j in range(world.n_probes)],
        "rating": [None if lost else int(value) for value, lost in zip(values, unread, strict=True)],
        "status": ["unparsed" if lost else "ok" for lost in unread],
    }
    for instrument in ["*"] if p.source == "persona" else list(world.instruments):
        insert(connection, "ml.ratings", **key, **answers, **MADE, instrument=instrument, elicitation="likert")


def _mixtures(n: int, concentration: float, rng: np.random.Generator) -> np.ndarray:
    return rng.dirichlet(np.full(4, concentration), size=n)


def _real(
    connection: duckdb.DuckDBPyConnection,
    split: str,
    instrument: str,
    world: World,
    prototypes: np.ndarray,
    rng: np.random.Generator,
) -> None:
    key = {"split": split, "instrument": instrument}
    counts = {"n_users": world.n_users, "n_items": 356, "n_train_pairs": 5800, "n_validation_pairs": 800}
    run = {"n_test_pairs": 700, "epochs": 20, "best_epoch": 14, "validation_accuracy": 0.754, "test_accuracy": 0.741}
    run |= {"logit_scale": 100.0, "init_correlation": 0.98, "checkpoint": b"", "history": "[]", "seconds": 12.3}
    made = MADE | {"data_hash": "77"}
    users = {"user_id": [f"user{i}" for i in range(world.n_users)], "n_train_pairs": [5] * world.n_users}
    for seed in (7, SEED):
        insert(connection, "ml.encoder_runs", **key, **counts, **run, **made | {"seed": seed})
        mixtures = _mixtures(world.n_users, 0.8, rng)
        places = {"mixture": mixtures.tolist(), "embedding": (mixtures @ prototypes).tolist()}
        insert(connection, "ml.user_embeddings", **key, **users, **places, seed=seed)
    for name in ("random_baseline", "synthetic_dirichlet", "synthetic_gmm"):
        source = "reference" if name == "random_baseline" else "synthetic"
        row = {"population": name, "source": source, "row_number": list(range(40)), "seed": SEED}
        embedding = (_mixtures(40, 2.0, rng) @ prototypes).tolist()
        insert(connection, "ml.reference_embeddings", **key, **row, embedding=embedding, code_version="0.1.0")


def _places(
    connection: duckdb.DuckDBPyConnection,
    split: str,
    instrument: str,
    p: Personas,
    prototypes: np.ndarray,
    rng: np.random.Generator,
) -> None:
    mixtures = _mixtures(p.n, 0.8 if p.backend == "perfect" else 30.0, rng)
    placed = [i >= p.unplaceable for i in range(p.n)]
    key = {"split": split, "population": p.name, "instrument": instrument}
    own = {"persona_id": [f"{p.name}-{i}" for i in range(p.n)], "seed_user_id": [f"user{i}" for i in range(p.n)]}
    vectors = {"mixture": mixtures, "embedding": mixtures @ prototypes}
    lists = {
        name: [row.tolist() if ok else None for row, ok in zip(rows, placed, strict=True)]
        for name, rows in vectors.items()
    }
    insert(connection, "ml.persona_embeddings", **key, **own, **lists, **MADE, placed=placed, n_pairs=20, loss=0.5)
    insert(connection, "ml.paired_scores", **key, **MADE, metric="n_personas", value=float(p.n), n=p.n)
    if p.is_paired and p.unplaceable < p.n:
        distances = rng.beta(2, 40 if p.backend == "perfect" else 6, size=p.n).tolist()
        insert(connection, "ml.paired_distances", **key, **own, cosine_distance=distances, l2_distance=1.0, norm=0.7)
