"""What a study will cost: counted before there is a warehouse, measured once there is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagster_defs.cli import main
from dagster_defs.cli.estimate import steps_left_out
from dagster_defs.workspace import Workspace
from python_assets.estimate import requests_of
from python_assets.estimate.asked import Identities
from python_assets.ingest import IngestError
from python_assets.raters.chat import ChatModelError
from python_assets.study import Rater, Study
from python_assets.study.files import load_study
from python_assets.study.tables import study_tables
from python_assets.warehouse import Warehouse
from tests.estimate.conftest import RATER, counted, rate_requests, store


def test_before_the_first_run_the_studys_own_sizes_count(study: Study) -> None:
    found = [
        (r.population, r.purpose, r.n_wanted, r.n_answered, r.is_measured, r.seconds) for r in requests_of(study, None)
    ]
    assert found == [
        ("grounded", "write", 30, 0, False, None),
        ("grounded", "rate", 1500, 0, False, None),
        ("brought", "rate", 0, 0, False, 0),
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


def test_where_all_is_answered_no_speed_is_needed(study: Study, warehouse: Warehouse) -> None:
    # Answers that came in one chunk, as a dozen personas do, have no speed.
    at_once = "update ml.answers set created_at = timestamp '2026-11-01 00:00:00'"
    warehouse.write(lambda connection: connection.execute(at_once).fetchall())
    found = {(r.population, r.purpose): r for r in requests_of(study, warehouse)}
    assert (found["grounded", "write"].per_second, found["grounded", "write"].seconds) == (None, 0)
    assert found["grounded", "rate"].seconds is None


def test_another_model_at_work_meanwhile_does_not_change_the_speed(study: Study, warehouse: Warehouse) -> None:
    meanwhile = """
        insert into ml.answers by name select * replace
        ('other' as model, 'o' || request_hash as request_hash, created_at + interval 500 milliseconds as created_at)
        from ml.answers
    """
    warehouse.write(lambda connection: connection.execute(meanwhile).fetchall())
    found = {(r.population, r.purpose): r for r in requests_of(study, warehouse)}
    assert found["grounded", "rate"].per_second == pytest.approx(10)


def test_tokens_are_measured_for_each_purpose(study: Study, warehouse: Warehouse) -> None:
    warehouse.write(lambda connection: connection.execute("delete from ml.answers where purpose = 'write'").fetchall())
    found = {r.purpose: (r.prompt_tokens, r.is_measured) for r in requests_of(study, warehouse)}
    assert found == {"write": (350, False), "rate": (300, True)}


def test_a_model_with_other_options_is_another(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("python_assets.estimate.asked.identity_of", lambda rater: rater.options)
    identities = Identities(warehouse)
    raters = [RATER.model_copy(update={"options": {"dtype": dtype}}) for dtype in ("float32", "float16")]
    assert [identities.of(rater) for rater in raters] == [rater.options for rater in raters]


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


def test_a_small_population_takes_the_first_seed_users(study: Study, warehouse: Warehouse) -> None:
    small = study.population("grounded").model_copy(update={"size": 3})
    # Users 0, 1 and half of 2 have been asked; by their names 10 would come before 2.
    assert counted(study.model_copy(update={"populations": [small]}), warehouse) == [(3, 3), (120, 100)]


def test_answers_count_before_the_rows_that_are_made_from_them(study: Study, warehouse: Warehouse) -> None:
    """As after a run that was broken off: `ml.personas` and `ml.ratings` are empty in this warehouse."""
    assert warehouse.rows("select count(*) from ml.personas union all select count(*) from ml.ratings") == [(0,), (0,)]
    warehouse.write(
        lambda connection: connection.execute("delete from ml.answers where text = 'Loves soap 19.'").fetchall()
    )
    assert counted(study, warehouse)[:2] == [(20, 19), (800, 100)]


NO_TEXT = "update ml.answers set text = ' ', status = 'empty' where text = 'Loves soap 19.'"
NO_RATING = "update ml.answers set text = 'Sure! I' where text = '3' and created_at < timestamp '2026-01-01 00:00:03'"


@pytest.mark.parametrize(
    ("change", "done", "due"),
    [
        (NO_TEXT, [(20, 20), (760, 760)], [(20, 19), (800, 100)]),
        (NO_RATING, [(20, 20), (800, 800)], [(20, 20), (800, 70)]),
    ],
    ids=["no text", "no rating"],
)
def test_answers_of_no_use_are_asked_for_again_where_the_step_is_due(
    study: Study, warehouse: Warehouse, change: str, done: list[tuple[int, int]], due: list[tuple[int, int]]
) -> None:
    warehouse.write(lambda connection: connection.execute(change).fetchall())
    for is_done, expected in ((True, done), (False, due)):
        found = requests_of(study, warehouse, is_done=lambda split, population, answer=is_done: answer)
        assert [(r.n_wanted, r.n_answered) for r in found][:2] == expected


@pytest.mark.parametrize(("population", "purpose"), [("grounded", "write"), ("grounded", "rate"), ("brought", "rate")])
def test_a_step_that_is_done_asks_nothing(study: Study, warehouse: Warehouse, population: str, purpose: str) -> None:
    """What does not fit a model's context is never stored, and a model may be on another machine."""
    warehouse.write(
        lambda connection: connection.execute("delete from ml.answers where text = 'Loves soap 19.'").fetchall()
    )
    for is_done in (False, True):
        found = requests_of(study, warehouse, is_done=lambda split, name, answer=is_done: answer)
        (left,) = [r.n_left for r in found if (r.population, r.purpose) == (population, purpose)]
        assert (left == 0) is is_done


def test_whether_a_step_is_done_is_looked_up_only_where_something_is_left(study: Study, warehouse: Warehouse) -> None:
    rated = study.population("grounded").model_copy(update={"size": 2})
    asked = study.model_copy(update={"populations": [rated]})
    found = requests_of(asked, warehouse, is_done=lambda split, population: pytest.fail("looked up"))
    assert [(r.n_wanted, r.n_answered) for r in found] == [(2, 2), (80, 80)]


def test_where_nobody_can_be_a_seed_user_nothing_is_asked(study: Study, warehouse: Warehouse) -> None:
    nothing = "delete from personas.grounding_profiles; delete from ml.answers"
    warehouse.write(lambda connection: connection.execute(nothing).fetchall())
    found = [(r.n_wanted, r.n_answered, r.seconds) for r in requests_of(study, warehouse)]
    assert found[:2] == [(0, 0, 0), (0, 0, 0)]


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


def test_the_command_asks_what_a_run_would_leave_out(
    study: Study, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = warehouse.path.parent
    for name, value in {"DAGSTER_HOME": folder / ".dagster", "STUDY": "", "WAREHOUSE": "", "DATA": ""}.items():
        monkeypatch.setenv(name if name == "DAGSTER_HOME" else f"PERSONA_FIDELITY_{name}", str(value))
    (folder / "costs.yml").write_text(json.dumps(study.model_dump(mode="json", exclude_defaults=True)))
    warehouse.write(lambda connection: connection.execute(NO_RATING).fetchall())
    said = []
    for left_out in (True, False):
        monkeypatch.setattr(
            "dagster_defs.plan.unchanged_steps", lambda steps, _, all=left_out: set(steps if all else [])
        )
        options = ["--study", str(folder / "costs.yml"), "--warehouse", str(warehouse.path)]
        done = CliRunner().invoke(main, ["estimate", *options])
        assert done.exit_code == 0, done.output
        said += [line.split()[4:6] for line in done.output.splitlines() if line.startswith("grounded")]
    assert said == [["20", "20"], ["800", "800"], ["20", "20"], ["800", "70"]]


def test_without_the_source_files_answers_of_no_use_count_as_left(
    study: Study, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise IngestError("The source Beauty has no file.")

    monkeypatch.setattr("dagster_defs.plan.unchanged_steps", gone)
    workspace = Workspace(study, tmp_path / "costs.yml", str(warehouse.path), (tmp_path,))
    assert not steps_left_out(workspace)("Beauty", "grounded")


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
