"""What a study will cost: counted before there is a warehouse, measured once there is one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from dagster_defs.cli import main
from python_assets.estimate import requests_of, trainings_of
from python_assets.personas.write import persona_seed
from python_assets.study import Study
from python_assets.warehouse import Warehouse

RATER = {"backend": "transformers", "model": "org/small"}


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


@pytest.fixture
def warehouse(tmp_path: Path, study: Study) -> Warehouse:
    """20 users, 40 probes; the grounded population has its 20 texts and 100 answers, ten a second."""
    made = Warehouse(tmp_path / "costs.duckdb")
    made.prepare()
    made.write(
        lambda connection: connection.execute(
            """
            create schema personas; create schema probes; create schema corpus;
            create table personas.grounding_profiles as select 'Beauty' as split, range as user_id from range(20);
            create table probes.probe_items as select 'Beauty' as split, range as item_id from range(40);
            create table corpus.users as
                select 'Beauty' as split, range::varchar as user_id, 50 as n_train_pairs from range(20);
            create table corpus.interactions
                (split varchar, user_id varchar, item_id varchar, rating double, fold varchar);
            insert into raw.imported_personas select 'Beauty', 'brought', range, null, 'text', range from range(3);
            """
        ).fetchall()
    )
    start = datetime(2026, 1, 1)
    key = {"backend": "transformers", "model": "org/small", "status": "ok", "text": "3"}
    answers = [
        {**key, "request_hash": f"r{n}", "purpose": "rate", "n_prompt_tokens": 300, "created_at": start + timedelta(seconds=n // 10)}
        for n in range(100)
    ] + [
        {**key, "request_hash": f"w{n}", "purpose": "write", "n_prompt_tokens": 200, "created_at": start - timedelta(seconds=60 - 2 * n)}
        for n in range(20)
    ]  # fmt: skip
    made.replace_slice("ml.answers", pa.Table.from_pylist(answers), where={})
    population = study.population("grounded")
    common = {
        "split": "Beauty",
        "population": "grounded",
        "backend": "transformers",
        "seed": 1,
        "code_version": "1",
        "created_at": start,
    }
    personas = [
        {**common, "persona_id": str(n), "condition": "grounded", "flags": [], "request_hash": f"w{n}", "config_hash": population.config_hash(),
         "seed": persona_seed(study.seed, split="Beauty", condition="grounded", who=str(n))}
        for n in range(20)
    ]  # fmt: skip
    ratings = [
        {**common, "persona_id": str(n // 5), "item_id": str(n % 5), "instrument": "*", "elicitation": "likert", "status": "ok",
         "request_hash": f"r{n}", "config_hash": population.rater.config_hash()}
        for n in range(100)
    ]  # fmt: skip
    made.replace_slice("ml.personas", pa.Table.from_pylist(personas), where={})
    made.replace_slice("ml.ratings", pa.Table.from_pylist(ratings), where={})
    return made


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
    assert [r.n_answered for r in requests_of(other, warehouse)] == [0, 0]


def test_another_seed_asks_anew(study: Study, warehouse: Warehouse) -> None:
    other = study.model_copy(update={"seed": study.seed + 1})
    assert [r.n_answered for r in requests_of(other, warehouse)] == [0, 0, 0]


def test_texts_written_otherwise_are_rated_anew(study: Study, warehouse: Warehouse) -> None:
    writer = study.population("grounded").writer.model_copy(update={"temperature": 0.1})
    changed = study.population("grounded").model_copy(update={"writer": writer})
    other = study.model_copy(update={"populations": [changed]})
    assert [r.n_answered for r in requests_of(other, warehouse)] == [0, 0]


def test_texts_that_were_brought_have_the_studys_seed(study: Study, warehouse: Warehouse) -> None:
    population = study.population("brought")
    key = {"split": "Beauty", "population": "brought", "persona_id": "0", "backend": "imported", "code_version": "1"}
    key |= {"seed": study.seed, "created_at": datetime(2026, 1, 1), "request_hash": "r0"}
    persona = key | {"condition": "imported", "flags": [], "config_hash": population.config_hash()}
    rating = key | {"item_id": "1", "instrument": "*", "elicitation": "likert", "status": "ok"}
    rating |= {"config_hash": population.rater.config_hash()}
    for table, row in (("ml.personas", persona), ("ml.ratings", rating)):
        warehouse.replace_slice(table, pa.Table.from_pylist([row]), where={"population": "brought"})
    for seed, answered in ((study.seed, 1), (study.seed + 1, 0)):
        *_, brought = requests_of(study.model_copy(update={"seed": seed}), warehouse)
        assert (brought.n_wanted, brought.n_answered) == (120, answered)


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
