"""Drafts of a population and the rows made from their answers."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from python_assets.personas.demographics import ATTRIBUTES
from python_assets.personas.write import Draft, category_label, draft_personas, persona_rows
from python_assets.prompts import PROMPT_HASHES
from python_assets.raters.chat import Answer
from python_assets.study import Population, Rater, Writer
from python_assets.warehouse import Warehouse
from tests.raters.fake_model import FakeModel, answer_key

LLM = Rater(backend="transformers", model="m")
PROFILES = pa.table(
    {
        "user_id": ["u2", "u1", "u3"],
        "seed_order": [2, 1, 3],
        "top_items_block": ['- rating 5 | Hair | Oil | "nice"\n- rating 4 | Skin | Cream | "ok"', "- {n_reviews}", "-"],
        "rating_hist": ["5 stars: 9", "5 stars: 1", "5 stars: 2"],
        "n_reviews": [12, 11, 10],
    }
)


def population(condition: str, *, name: str = "p", size: int = 2, rater: Rater = LLM, **more: Any) -> Population:
    return Population(name=name, condition=condition, size=size, rater=rater, **more)


def grounded(name: str = "p", size: int = 2) -> list[Draft]:
    return draft_personas(
        population("grounded", name=name, size=size),
        split="Beauty",
        seed=42,
        category_label="Beauty",
        profiles=PROFILES,
    )


def rows(drafts: list[Draft], answers: dict[str, Answer], settings: Population, model: Any) -> list[dict[str, Any]]:
    table = persona_rows(drafts, answers, split="Beauty", population=settings, model=model, code_version="v")
    return table.to_pylist()


def test_grounded_drafts_follow_seed_order_and_carry_their_evidence() -> None:
    first, second = grounded()
    assert [(d.persona_id, d.seed_user_id) for d in (first, second)] == [("0001", "u1"), ("0002", "u2")]
    assert second.request is not None
    assert "shopping behavior in Beauty. Generate" in second.request.system
    assert '| Oil | "nice"\n- rating 4' in second.request.user
    assert "Total reviews: 12." in second.request.user
    assert first.request is not None
    assert "snippet): - {n_reviews}. Empirical" in first.request.user


def test_populations_of_the_same_kind_share_their_requests_and_people_differ() -> None:
    one, other = grounded("one", 3), grounded("other", 2)
    assert [draft.request for draft in one[:2]] == [draft.request for draft in other]
    assert len({draft.seed for draft in one}) == 3
    backstories = draft_personas(population("backstory", size=3), split="Beauty", seed=42)
    assert len({draft.request.seed for draft in backstories if draft.request}) == 3
    elsewhere = draft_personas(population("backstory", size=3), split="Games", seed=42)
    assert not {draft.seed for draft in backstories} & {draft.seed for draft in elsewhere}
    assert len({(draft.request.system, draft.request.user) for draft in backstories if draft.request}) == 1


def test_a_text_is_that_of_its_seed_user_whatever_the_personas_number() -> None:
    later = PROFILES.set_column(1, "seed_order", pa.array([3, 2, 1]))
    drafts = draft_personas(
        population("grounded", size=3), split="Beauty", seed=42, category_label="Beauty", profiles=later
    )
    assert [draft.seed_user_id for draft in drafts] == ["u3", "u1", "u2"]
    assert {draft.seed_user_id: draft.request for draft in drafts} == {
        draft.seed_user_id: draft.request for draft in grounded(size=3)
    }


def test_fewer_profiles_than_wanted() -> None:
    assert len(grounded(size=500)) == 3


def test_demographic_drafts_name_their_attributes() -> None:
    names = ("age", "gender", "location", "occupation", "income", "education")
    marginals = pa.table({"attribute": names, "value": [f"the {n}" for n in names], "probability": [1.0] * 6})
    (draft,) = draft_personas(population("demographic", size=1), split="Beauty", seed=42, marginals=marginals)
    assert draft.attributes == {name: f"the {name}" for name in names}
    assert draft.request is not None
    assert draft.request.user.startswith("Age: the age. Gender: the gender. Location: the location.")


def test_each_split_has_people_of_its_own() -> None:
    ages = [(f"age {n}", 1.0) for n in range(50)]
    rows = [("age", *age) for age in ages] + [(name, "x", 1.0) for name in ATTRIBUTES[1:]]
    marginals = pa.table(
        dict(zip(("attribute", "value", "probability"), map(list, zip(*rows, strict=True)), strict=True))
    )
    first, other, again = (
        [
            draft.attributes
            for draft in draft_personas(population("demographic", size=9), split=split, seed=42, marginals=marginals)
        ]
        for split in ("Beauty", "Games", "Beauty")
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(("condition", "missing"), [("demographic", "marginals"), ("grounded", "profiles")])
def test_a_missing_table_is_named(condition: str, missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        draft_personas(population(condition), split="Beauty", seed=42, category_label="Beauty")


def test_rows_keep_an_empty_persona_and_fit_the_table(tmp_path: Any) -> None:
    model, settings = FakeModel(), population("grounded")
    drafts = grounded()
    texts = [Answer("", " ", None, "empty", 9), Answer("", "word " * 160 + "\x00", None, "ok", 9)]
    answers = {}
    for draft, answer in zip(drafts, texts, strict=True):
        key = answer_key(model, draft.request, settings.writer)
        answers[key] = answer._replace(request_hash=key)
    table = persona_rows(drafts, answers, split="Beauty", population=settings, model=model, code_version="v")
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare()
    warehouse.replace_slice("ml.personas", table, where={"split": "Beauty", "population": "p"})
    stored = warehouse.read("select * from ml.personas order by persona_id").to_pylist()
    assert stored[0]["persona_text"] is None
    assert stored[0]["flags"] == ["empty"]
    assert stored[1]["persona_text"].startswith("word word")
    assert stored[1]["flags"] == ["repetitive"]
    assert {row["prompt_hash"] for row in stored} == {PROMPT_HASHES["grounded"]}
    assert {row["request_hash"] for row in stored} == set(answers)
    assert [row["seed"] for row in stored] == [draft.seed for draft in drafts]


def test_controls_are_seeded_like_grounded_personas_and_write_nothing() -> None:
    settings = population("control", rater=Rater(backend="constant"))
    drafts = draft_personas(settings, split="Beauty", seed=42, profiles=PROFILES.select(["user_id", "seed_order"]))
    assert [draft.seed_user_id for draft in drafts] == [draft.seed_user_id for draft in grounded()]
    (row, _) = rows(drafts, {}, settings, None)
    assert (row["persona_text"], row["request_hash"], row["prompt_hash"], row["flags"]) == (None, None, None, [])
    assert row["backend"] == "constant"


def test_category_labels() -> None:
    assert category_label(["All_Beauty"]) == "All Beauty"
    assert (
        category_label(["Musical_Instruments", "Software", "Video_Games"])
        == "Musical Instruments, Software and Video Games"
    )


def test_the_writers_settings_are_part_of_the_request() -> None:
    model = FakeModel()
    request = grounded()[0].request
    assert answer_key(model, request, Writer()) != answer_key(model, request, Writer(temperature=0.5))
