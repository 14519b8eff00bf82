"""What a study will cost: counted before there is a warehouse, measured once there is one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner

from dagster_defs.cli import main
from python_assets.estimate import requests_of, trainings_of
from python_assets.personas.population import draft_population
from python_assets.raters.chat import ChatModelError, ChatRequest, request_hash
from python_assets.raters.rate import rating_requests
from python_assets.study import Rater, Study, Writer
from python_assets.study.files import load_study
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
                select 'Beauty' as split, range::varchar as user_id, 50 as n_train_pairs from range(20);
            create table corpus.interactions
                (split varchar, user_id varchar, item_id varchar, rating double, fold varchar);
            insert into raw.imported_personas select 'Beauty', 'brought', range, null, 'text', range from range(3);
            """
        ).fetchall()
    )
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


def test_before_the_first_run_the_studys_own_sizes_count(study: Study) -> None:
    found = [
        (r.population, r.purpose, r.n_wanted, r.n_answered, r.is_measured, r.seconds) for r in requests_of(study, None)
    ]
    assert found == [
        ("grounded", "write", 30, 0, False, None),
        ("grounded", "rate", 1500, 0, False, None),
        ("brought", "rate", 0, 0, False, None),
    ]


def test_a_warehouse_counts_people_probes_and_answers(study: Study, warehouse: Warehouse) -> None:
    found = {(r.population, r.purpose): r for r in requests_of(study, warehouse)}
    assert [(r.n_wanted, r.n_answered, r.n_left) for r in found.values()] == [
        (20, 20, 0),
        (800, 100, 700),
        (120, 0, 120),
    ]
    assert {(r.prompt_tokens, r.is_measured) for key, r in found.items() if key[1] == "rate"} == {(300, True)}


def test_speed_is_what_was_seen_between_two_writes(study: Study, warehouse: Warehouse) -> None:
    found = {(r.population, r.purpose): r for r in requests_of(study, warehouse)}
    assert found["grounded", "rate"].per_second == pytest.approx(10)
    assert found["grounded", "rate"].seconds == pytest.approx(70)
    assert found["grounded", "write"].per_second == pytest.approx(0.5)


def test_a_given_speed_holds_for_all(study: Study, warehouse: Warehouse) -> None:
    assert {r.per_second for r in requests_of(study, warehouse, per_second=7)} == {7}


def test_changed_settings_ask_anew(study: Study, warehouse: Warehouse) -> None:
    rater = study.population("grounded").rater.model_copy(update={"elicitation": "expected"})
    changed = study.population("grounded").model_copy(update={"rater": rater})
    other = study.model_copy(update={"populations": [changed]})
    # The texts are the same, and every rating is another.
    assert [r.n_answered for r in requests_of(other, warehouse)] == [20, 0]


def test_another_seed_asks_anew(study: Study, warehouse: Warehouse) -> None:
    other = study.model_copy(update={"seed": study.seed + 1})
    assert [r.n_answered for r in requests_of(other, warehouse)] == [0, 0, 0]


def test_texts_written_otherwise_are_rated_anew(study: Study, warehouse: Warehouse) -> None:
    writer = study.population("grounded").writer.model_copy(update={"temperature": 0.1})
    changed = study.population("grounded").model_copy(update={"writer": writer})
    other = study.model_copy(update={"populations": [changed]})
    assert [r.n_answered for r in requests_of(other, warehouse)] == [0, 0]


def test_texts_that_were_brought_are_rated(study: Study, warehouse: Warehouse) -> None:
    brought = [{"persona_id": "0", "condition": "imported", "seed_user_id": None, "persona_text": "text"}]
    store(warehouse, rate_requests(study, warehouse, brought)[:1], RATER, texts=["3"], times=[100])
    for seed, answered in ((study.seed, 1), (study.seed + 1, 0)):
        assert counted(study.model_copy(update={"seed": seed}), warehouse)[-1] == (120, answered)


def test_personas_that_only_answers_came_for_are_not_rated(study: Study, warehouse: Warehouse) -> None:
    warehouse.write(
        lambda connection: connection.execute(
            """
            delete from raw.imported_personas;
            insert into raw.imported_ratings select 'Beauty', 'brought', range, null, '1', 3, range from range(3);
            """
        ).fetchall()
    )
    assert counted(study, warehouse)[-1] == (0, 0)


def test_changed_evidence_asks_anew(study: Study, warehouse: Warehouse) -> None:
    change = "update personas.grounding_profiles set top_items_block = 'rope' where user_id in ('3', '7')"
    warehouse.write(lambda connection: connection.execute(change).fetchall())
    # Of the 100 ratings 40 are of user 0, 40 of 1 and 20 of 2.
    assert counted(study, warehouse)[:2] == [(20, 18), (800, 100)]
    warehouse.write(lambda connection: connection.execute(change.replace("'3'", "'0'")).fetchall())
    assert counted(study, warehouse)[:2] == [(20, 17), (800, 60)]


def test_another_order_of_seed_users_asks_nothing_anew(study: Study, warehouse: Warehouse) -> None:
    change = "update personas.grounding_profiles set seed_order = 100 - seed_order"
    warehouse.write(lambda connection: connection.execute(change).fetchall())
    assert counted(study, warehouse)[:2] == [(20, 20), (800, 100)]


def test_answers_count_before_the_rows_that_are_made_from_them(study: Study, warehouse: Warehouse) -> None:
    """As after a run that was broken off: `ml.personas` and `ml.ratings` are empty in this warehouse."""
    assert warehouse.rows("select count(*) from ml.personas union all select count(*) from ml.ratings") == [(0,), (0,)]
    warehouse.write(
        lambda connection: connection.execute("delete from ml.answers where text = 'Loves soap 19.'").fetchall()
    )
    assert counted(study, warehouse)[:2] == [(20, 19), (800, 100)]


def test_a_persona_without_a_text_is_not_rated(study: Study, warehouse: Warehouse) -> None:
    change = "update ml.answers set text = ' ', status = 'empty' where text = 'Loves soap 19.'"
    warehouse.write(lambda connection: connection.execute(change).fetchall())
    assert counted(study, warehouse)[:2] == [(20, 20), (760, 100)]


def test_a_model_that_is_not_here_has_answered_nothing(
    study: Study, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(rater: Rater) -> None:
        raise ChatModelError("It is not here.")

    monkeypatch.setattr("python_assets.estimate.asked.identity_of", unknown)
    assert counted(study, warehouse) == [(20, 0), (800, 0), (120, 0)]


def test_a_model_that_has_answered_nothing_is_not_looked_for(
    study: Study, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.write(lambda connection: connection.execute("update ml.answers set model = 'other'").fetchall())
    monkeypatch.setattr("python_assets.estimate.asked.identity_of", lambda rater: pytest.fail("looked for"))
    assert counted(study, warehouse) == [(20, 0), (800, 0), (120, 0)]


@pytest.mark.parametrize("missing", ["drop table probes.probe_items", "delete from probes.probe_items"])
def test_without_probes_the_studys_own_sizes_count(study: Study, warehouse: Warehouse, missing: str) -> None:
    warehouse.write(lambda connection: connection.execute(missing).fetchall())
    assert counted(study, warehouse) == [(30, 0), (1500, 0), (150, 0)]


def test_trainings_take_the_speed_of_the_last_ones(study: Study, warehouse: Warehouse) -> None:
    assert [(t.n_wanted, t.n_done, t.n_pairs, t.seconds) for t in trainings_of(study, warehouse, code_version="1")] == [
        (2, 0, 1000, None)
    ]
    assert [(t.n_wanted, t.n_done, t.n_pairs, t.seconds) for t in trainings_of(study, None, code_version="1")] == [
        (2, 0, None, None)
    ]
    encoder = study.instruments["paper"].encoder
    run = {
        "split": "Beauty", "instrument": "paper", "seed": study.seed, "config_hash": encoder.config_hash(), "data_hash": "d",
        "n_users": 20, "n_items": 1, "n_train_pairs": 500, "n_validation_pairs": 1, "n_test_pairs": 1, "epochs": 4,
        "best_epoch": 1, "logit_scale": 1.0, "checkpoint": b"", "history": "[]", "seconds": 20.0, "code_version": "1",
        "created_at": datetime(2026, 1, 1),
    }  # fmt: skip
    warehouse.replace_slice("ml.encoder_runs", pa.Table.from_pylist([run]), where={})
    place = {"split": "Beauty", "instrument": "paper", "seed": study.seed, "n_train_pairs": 50, "train_hash": 0}
    vectors = {"mixture": [0.25] * 4, "embedding": [0.0] * 128}
    places = [place | vectors | {"user_id": str(n), "folded_in": n < 2} for n in range(20)]
    warehouse.replace_slice("ml.user_embeddings", pa.Table.from_pylist(places), where={})
    (training,) = trainings_of(study, warehouse, code_version="1")
    assert (training.n_done, training.pairs_per_second, training.seconds) == (1, 100.0, encoder.max_epochs * 10)
    # The retest of a study with the seed before is the encoder of this one; of any other seed nothing is.
    for seed, n_done in ((study.seed - 1, 1), (study.seed + 1, 0)):
        (training,) = trainings_of(study.model_copy(update={"seed": seed}), warehouse, code_version="1")
        assert training.n_done == n_done
    (training,) = trainings_of(study, warehouse, code_version="2")
    assert training.n_done == 0
    # Two of twenty users were folded in, a tenth; a third one is more than `retrain_after`.
    warehouse.write(lambda connection: connection.execute("delete from corpus.users where user_id = '9'").fetchall())
    (training,) = trainings_of(study, warehouse, code_version="1")
    assert training.n_done == 0


def test_instruments_with_the_same_encoder_train_it_once(study: Study) -> None:
    paper = study.instruments["paper"]
    others = {
        "scale_free": paper.model_copy(
            update={"placement": paper.placement.model_copy(update={"objective": "correlation"})}
        ),
        "thorough": paper.model_copy(update={"retests": 3}),
        "wide": paper.model_copy(update={"encoder": paper.encoder.model_copy(update={"hidden_width": 512})}),
    }
    found = trainings_of(study.model_copy(update={"instruments": {"paper": paper, **others}}), None, code_version="1")
    assert {t.instrument: t.n_wanted for t in found} == {"paper": 2, "scale_free": 0, "thorough": 2, "wide": 2}


def test_the_command_before_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    # Dagster's definitions, which other tests of this process import, name the demo's warehouse here.
    monkeypatch.delenv("PERSONA_FIDELITY_WAREHOUSE", raising=False)
    done = CliRunner().invoke(main, ["estimate", "--study", "paper", "--requests-per-second", "100"])
    assert done.exit_code == 0, done.output
    assert "before its first run" in done.output
    assert "Llama-3.1-8B-Instruct" in done.output
    assert not list((tmp_path / "warehouse").glob("*"))


def test_a_corpus_of_other_settings_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    said = []
    for name in ("paper", "demo"):
        made.replace_slice("raw.study", study_tables(load_study(name))["raw.study"], where={})
        done = CliRunner().invoke(main, ["estimate", "--study", "paper", "--warehouse", str(made.path)])
        assert done.exit_code == 0, done.output
        said.append("of other settings: `run --until prepare` first" in done.output)
    assert said == [False, True]
