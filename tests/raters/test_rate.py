"""From personas and probes to rating requests, and from answers to rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from python_assets.prompts import PROMPT_HASHES
from python_assets.raters.chat import Answer
from python_assets.raters.rate import control_rating_rows, rating_requests, rating_rows, read_rating
from python_assets.study import Population, Rater
from python_assets.warehouse import Warehouse
from tests.raters.fake_model import FakeModel, answer_key

PERSONAS = pa.table(
    {
        "persona_id": ["0001", "0002", "0003"],
        "condition": ["grounded"] * 3,
        "seed_user_id": ["u1", "u2", "u3"],
        "persona_text": ["Loves soap.\n\nHates waste. {item_title}", None, "Buys rarely."],
    }
)
PROBES = pa.table(
    {
        "item_id": ["i1", "i2"],
        "item_title": ["Argan Oil", "Comb"],
        "item_category": ["Hair Care", "Tools"],
        "item_description": ["A light oil", ""],
    }
)
FLAT = (0.0, 0.0, 0.5, 0.5, 0.0)


def population(elicitation: str = "likert", name: str = "p") -> Population:
    rater = Rater(backend="transformers", model="fake", elicitation=elicitation)
    return Population(name=name, condition="grounded", rater=rater)


def test_every_persona_with_a_text_meets_every_probe() -> None:
    questions = rating_requests(PERSONAS, PROBES, split="Beauty", seed=42)
    assert [(q.persona_id, q.item_id) for q in questions] == [
        ("0001", "i1"), ("0001", "i2"), ("0003", "i1"), ("0003", "i2"),
    ]  # fmt: skip
    first, comb = questions[0].request, questions[1].request
    assert first.system.startswith(
        "You are role-playing as the following person: Loves soap.\n\nHates waste. {item_title}. You must respond ONLY"
    )
    assert "Title: Argan Oil. Category: Hair Care. Description: A light oil. Use a 1 to 5 scale" in first.user
    assert "Title: Comb. Category: Tools. Description: not available. Use" in comb.user
    assert len({q.request.seed for q in questions}) == 4


def test_a_question_is_that_of_its_seed_user_whatever_the_personas_number() -> None:
    moved = PERSONAS.set_column(0, "persona_id", pa.array(["0007", "0008", "0009"]))
    without = PERSONAS.set_column(2, "seed_user_id", pa.nulls(3, pa.string()))
    asked, asked_moved, asked_without = (
        [question.request for question in rating_requests(personas, PROBES, split="Beauty", seed=42)]
        for personas in (PERSONAS, moved, without)
    )
    assert asked == asked_moved
    assert {request.seed for request in asked}.isdisjoint(request.seed for request in asked_without)
    assert len({request.seed for request in asked_without}) == 4


@pytest.mark.parametrize(
    ("answer", "elicitation", "expected"),
    [
        (Answer("h", "4", FLAT, "ok", 9), "likert", (4, 3.5, "ok")),
        (Answer("h", "4", None, "ok", 9), "likert", (4, None, "ok")),
        (Answer("h", "4", None, "truncated", 9), "likert", (4, None, "ok")),
        (Answer("h", "four", None, "ok", 9), "likert", (None, None, "unparsed")),
        (Answer("h", "four", FLAT, "ok", 9), "likert", (None, None, "unparsed")),
        (Answer("h", "", None, "empty", 9), "likert", (None, None, "empty")),
        (Answer("h", None, None, "too_long", 9999), "likert", (None, None, "too_long")),
        (Answer("h", "I", (0.1, 0.1, 0.2, 0.5, 0.1), "ok", 9), "expected", (4, pytest.approx(3.4), "ok")),
        (Answer("h", "", (0.1, 0.1, 0.2, 0.5, 0.1), "empty", 9), "expected", (4, pytest.approx(3.4), "ok")),
        (Answer("h", "I", None, "no_digit_mass", 9), "expected", (None, None, "no_digit_mass")),
        (Answer("h", "I", None, "ok", 9), "expected", (None, None, "no_digit_mass")),
    ],
)
def test_reading_an_answer(answer: Answer, elicitation: str, expected: tuple[object, ...]) -> None:
    assert read_rating(answer, elicitation=elicitation) == expected


@pytest.mark.parametrize("elicitation", ["likert", "expected"])
def test_rows_fit_the_table(tmp_path: Path, elicitation: str) -> None:
    model, settings = FakeModel(), population(elicitation)
    questions = rating_requests(PERSONAS, PROBES, split="Beauty", seed=42)
    answers = {}
    for number, question in enumerate(questions):
        key = answer_key(model, question.request, settings.rater)
        answers[key] = Answer(key, str(1 + number), FLAT, "ok", 9)
    table = rating_rows(questions, answers, split="Beauty", population=settings, model=model, code_version="v")
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare()
    warehouse.replace_slice("ml.ratings", table, where={"split": "Beauty", "population": "p"})
    stored = warehouse.read("select * from ml.ratings order by persona_id, item_id").to_pylist()
    assert [row["rating"] for row in stored] == ([1, 2, 3, 4] if elicitation == "likert" else [3, 3, 3, 3])
    assert {row["expected_rating"] for row in stored} == {3.5}
    assert {(row["instrument"], row["prompt_hash"], row["elicitation"]) for row in stored} == {
        ("*", PROMPT_HASHES["rating"], elicitation)
    }


def test_control_rows_are_a_matrix_laid_out() -> None:
    settings = Population(name="c", condition="control", rater=Rater(backend="perfect"))
    table = control_rating_rows(
        np.array([[1, 5], [2, 4], [3, 3]]),
        persona_ids=["0001", "0002", "0003"],
        item_ids=["i1", "i2"],
        instrument="paper",
        split="Beauty",
        population=settings,
        seed=1,
        code_version="v",
    )
    cells = {(row["persona_id"], row["item_id"]): row["rating"] for row in table.to_pylist()}
    assert cells == {
        ("0001", "i1"): 1,
        ("0001", "i2"): 5,
        ("0002", "i1"): 2,
        ("0002", "i2"): 4,
        ("0003", "i1"): 3,
        ("0003", "i2"): 3,
    }
    assert set(table["instrument"].to_pylist()) == {"paper"}
    with pytest.raises(ValueError, match="3 personas and 1 probes"):
        control_rating_rows(
            np.ones((3, 2)), persona_ids=list("abc"), item_ids=["i1"], split="s", population=settings, seed=1,
            code_version="v",
        )  # fmt: skip
