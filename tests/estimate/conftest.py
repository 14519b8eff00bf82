"""A study whose costs are known: a warehouse with its corpus, its personas' texts and some of their answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from python_assets.estimate import requests_of
from python_assets.personas.population import draft_population
from python_assets.raters.chat import ChatRequest, request_hash
from python_assets.raters.rate import rating_requests
from python_assets.study import Rater, Study, Writer
from python_assets.study.tables import study_tables
from python_assets.warehouse import Warehouse

RATER = Rater(backend="transformers", model="org/small")


@pytest.fixture
def study() -> Study:
    return Study.model_validate(
        {
            "name": "costs",
            "sources": [{"category": "Beauty", "reviews": "b.jsonl"}],
            "splits": {"Beauty": ["Beauty"]},
            "probes": {"count": 50},
            "populations": [
                {"name": "grounded", "condition": "grounded", "size": 30, "rater": RATER},
                {"name": "brought", "condition": "imported", "rater": RATER},
                {"name": "perfect", "condition": "control", "rater": {"backend": "perfect"}},
            ],
        }
    )


IDENTITY = {"backend": "transformers", "model": "org/small", "weights": "rev", "dtype": "float32", "device": "cpu"}
START = datetime(2026, 1, 1)


@pytest.fixture(autouse=True)
def model_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has org/small."""
    monkeypatch.setattr("python_assets.estimate.asked.identity_of", lambda rater: IDENTITY)


def write_requests(study: Study, warehouse: Warehouse) -> list[ChatRequest]:
    drafts = draft_population(warehouse, study, study.population("grounded"), split="Beauty")
    return [draft.request for draft in drafts if draft.request]


def rate_requests(study: Study, warehouse: Warehouse, personas: list[dict[str, Any]]) -> list[ChatRequest]:
    probes = warehouse.read("from probes.probe_items order by probe_number")
    found = rating_requests(pa.Table.from_pylist(personas), probes, split="Beauty", seed=study.seed)
    return [question.request for question in found]


def store(
    warehouse: Warehouse, requests: list[ChatRequest], settings: Writer | Rater, *, texts: list[str], times: list[float]
) -> None:
    """Answers under their real hashes, so many seconds after the start."""
    rows = [
        {
            "request_hash": request_hash(request, identity=IDENTITY, settings=settings),
            "purpose": request.purpose,
            "backend": "transformers",
            "model": "org/small",
            "status": "ok" if text else "empty",
            "text": text,
            "n_prompt_tokens": 300 if request.purpose == "rate" else 200,
            "created_at": START + timedelta(seconds=time),
        }
        for request, text, time in zip(requests, texts, times, strict=True)
    ]

    def insert(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("incoming", pa.Table.from_pylist(rows))
        connection.execute("insert into ml.answers by name select * from incoming")

    warehouse.write(insert)


@pytest.fixture
def warehouse(tmp_path: Path, study: Study) -> Warehouse:
    """20 users, 40 probes; the grounded population has its 20 texts and 100 answers, ten a second."""
    made = Warehouse(tmp_path / "costs.duckdb")
    made.prepare()
    made.write(
        lambda connection: connection.execute(
            """
            create schema personas; create schema probes; create schema corpus;
            create table personas.grounding_profiles as select
                'Beauty' as split, range::varchar as user_id, range as seed_order, 'soap ' || range as top_items_block,
                '5 stars: 1' as rating_hist, 1 as n_reviews from range(20);
            create table probes.probe_items as select
                'Beauty' as split, range::varchar as item_id, range as probe_number, 'Item ' || range as item_title,
                'Beauty' as item_category, '' as item_description from range(40);
            create table corpus.users as
                select 'Beauty' as split, range::varchar as user_id, 50 as n_train_pairs, 60 as n_pairs from range(20);
            create table corpus.interactions
                (split varchar, user_id varchar, item_id varchar, rating double, fold varchar);
            insert into raw.imported_personas select 'Beauty', 'brought', range, null, 'text', range from range(3);
            """
        ).fetchall()
    )
    made.replace_slice("raw.study", study_tables(study)["raw.study"], where={})
    grounded = study.population("grounded")
    written = write_requests(study, made)
    texts = [f"Loves soap {n}." for n in range(20)]
    store(made, written, grounded.writer, texts=texts, times=[2.0 * n - 60 for n in range(20)])
    asked = rate_requests(study, made, [persona(n, text) for n, text in enumerate(texts)])[:100]
    store(made, asked, grounded.rater, texts=["3"] * 100, times=[n // 10 for n in range(100)])
    return made


def persona(number: int, text: str) -> dict[str, Any]:
    return {
        "persona_id": f"{number + 1:04d}",
        "condition": "grounded",
        "seed_user_id": str(number),
        "persona_text": text,
    }


def counted(study: Study, warehouse: Warehouse) -> list[tuple[int, int]]:
    return [(r.n_wanted, r.n_answered) for r in requests_of(study, warehouse)]
