"""Ratings, places and scores never stand beside personas that they were not made from."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from python_assets.measured import SCORES, forget_scores_of_other_settings
from python_assets.personas.replace import OF_ONE_PERSONA, replace_personas
from python_assets.personas.write import SCHEMA
from python_assets.warehouse import Warehouse

MADE_OF_TEXTS = (*OF_ONE_PERSONA, *SCORES)
KEY = {"split": "Beauty", "population": "grounded"}
PERSONA = {
    **KEY,
    "persona_id": "0001",
    "condition": "grounded",
    "seed_user_id": "ann",
    "persona_text": "I like oil.",
    "flags": [],
    "backend": "openai",
    "model": "one",
    "seed": 1,
    "config_hash": "a",
    "code_version": "1",
    "created_at": datetime(2026, 1, 1),
}


def rows(**changed: Any) -> pa.Table:
    return pa.Table.from_pylist([PERSONA | changed], schema=SCHEMA)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """One persona with a row in every table that is made from it, and another population's."""
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    common = {
        "instrument": "paper",
        "seed": 1,
        "config_hash": "a",
        "code_version": "1",
        "created_at": datetime(2026, 1, 1),
    }
    one = {"persona_id": "0001", "seed_user_id": "ann"}
    values: dict[str, dict[str, Any]] = {
        "ml.ratings": {**one, "item_id": "i", "elicitation": "likert", "status": "ok", "backend": "openai"},
        "ml.persona_embeddings": {
            **one, "n_pairs": 1, "placed": True, "loss": 0.0, "mixture": [0.25] * 4, "embedding": [0.0] * 128,
        },
        "ml.population_scores": {"source": "persona", "metric": "fpd", "value": 1.0, "n": 1, "resamples": 1},
        "ml.paired_scores": {"metric": "rank_accuracy", "value": 1.0, "n": 1},
        "ml.paired_distances": {**one, "norm": 1.0},
    }  # fmt: skip
    for population in ("grounded", "other"):
        key = KEY | {"population": population}
        made.replace_slice("ml.personas", rows(population=population), where=key)
        for table, value in values.items():
            columns = [name for (name, *_) in made.rows(f"describe {table}")]
            row = {name: cell for name, cell in (common | value | key).items() if name in columns}
            made.replace_slice(table, pa.Table.from_pylist([row]), where=key)
    return made


def left(warehouse: Warehouse, population: str = "grounded") -> set[str]:
    return {t for t in MADE_OF_TEXTS if warehouse.rows(f"select 1 from {t} where population = ?", [population])}


@pytest.mark.parametrize("changed", [{"persona_text": "I like cream."}, {"model": "two"}, {"seed_user_id": "bob"}])
def test_new_personas_take_with_them_what_was_made_from_the_old(warehouse: Warehouse, changed: dict[str, Any]) -> None:
    replace_personas(warehouse, rows(**changed), **KEY)
    assert left(warehouse) == set()
    assert left(warehouse, "other") == set(MADE_OF_TEXTS)
    assert warehouse.rows("select count(*) from ml.personas where population = 'grounded'") == [(1,)]


def test_the_same_personas_written_again_leave_all(warehouse: Warehouse) -> None:
    replace_personas(warehouse, rows(created_at=datetime(2026, 2, 2), config_hash="b"), **KEY)
    assert left(warehouse) == set(MADE_OF_TEXTS)
    assert warehouse.rows("select config_hash from ml.personas where population = 'grounded'") == [("b",)]


def test_a_new_persona_beside_the_old_leaves_their_places_and_takes_the_scores(warehouse: Warehouse) -> None:
    both = pa.concat_tables([rows(), rows(persona_id="0002", seed_user_id="bob")])
    replace_personas(warehouse, both, **KEY)
    assert left(warehouse) == set(OF_ONE_PERSONA)


def test_a_new_seed_user_before_the_others_shifts_their_numbers_and_moves_nobody(warehouse: Warehouse) -> None:
    places = "select seed_user_id, persona_id, loss from ml.persona_embeddings where population = 'grounded'"
    shifted = pa.concat_tables([rows(seed_user_id="adam"), rows(persona_id="0002")])
    replace_personas(warehouse, shifted, **KEY)
    assert left(warehouse) == set(OF_ONE_PERSONA)
    assert warehouse.rows(places) == [("ann", "0002", 0.0)]
    assert warehouse.rows("select persona_id from ml.ratings order by population") == [("0002",), ("0001",)]


def test_twins_without_a_seed_user_are_told_apart_by_their_order(warehouse: Warehouse) -> None:
    twins = pa.concat_tables([rows(seed_user_id=None), rows(persona_id="0002", seed_user_id=None)])
    replace_personas(warehouse, twins, **KEY)
    answers = """
        insert into ml.ratings by name
        select ratings.* replace ('grounded' as population, twin.id as persona_id)
        from ml.ratings, (values ('0001'), ('0002')) as twin (id) where population = 'other'
    """
    warehouse.write(lambda connection: connection.execute(answers))
    replace_personas(warehouse, pa.concat_tables([rows(seed_user_id=None), rows(persona_id="0003")]), **KEY)
    assert warehouse.rows("select persona_id from ml.ratings where population = 'grounded'") == [("0001",)]


@pytest.mark.parametrize(("settings", "gone"), [("a", set[str]()), ("b", set(SCORES))])
def test_other_settings_take_the_scores_away_before_anybody_is_asked(
    warehouse: Warehouse, settings: str, gone: set[str]
) -> None:
    forget_scores_of_other_settings(warehouse, **KEY, config_hash=settings)
    assert left(warehouse) == set(MADE_OF_TEXTS) - gone
    assert left(warehouse, "other") == set(MADE_OF_TEXTS)
