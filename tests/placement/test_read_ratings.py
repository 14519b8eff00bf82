"""Which answers a persona is placed by: a matrix of personas by probes, with a hole where there is none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from python_assets.placement.fit import place_personas
from python_assets.placement.personas import (
    RatedPersonas,
    embedding_rows,
    place_population,
    read_ratings,
    start_seeds,
)
from python_assets.probe_items import ProbeItems
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from tests.placement.test_fit import PROBES, SETTINGS, _model

MADE = {"seed": 1, "config_hash": "c", "code_version": "1", "created_at": datetime(2026, 1, 1)}
KEY = {"split": "Beauty", "population": "p"}
THREE = ProbeItems(["i2", "i1", "i3"], PROBES[:3], np.ones(3), pa.table({}))
HOLE = np.nan


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Three personas, the second without a seed user."""
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    people = [("0001", "ann"), ("0002", None), ("0003", "bob")]
    own = {"condition": "grounded", "backend": "openai", "flags": []}
    rows = [{**KEY, **own, **MADE, "persona_id": name, "seed_user_id": user} for name, user in people]
    made.replace_slice("ml.personas", pa.Table.from_pylist(rows), where=KEY)
    return made


def answer(persona: str, item: str, rating: int | None, **more: Any) -> dict[str, Any]:
    given = {"persona_id": persona, "item_id": item, "rating": rating, "expected_rating": None, "status": "ok"}
    return {**KEY, **MADE, **given, "instrument": "*", "elicitation": "likert", "backend": "openai"} | more


def matrix(warehouse: Warehouse, answers: list[dict[str, Any]], instrument: str = "paper") -> list[list[float]]:
    for population in {row["population"] for row in answers}:
        own = [row for row in answers if row["population"] == population]
        warehouse.replace_slice("ml.ratings", pa.Table.from_pylist(own), where={"population": population})
    rated = read_ratings(warehouse, THREE, **KEY, instrument=instrument)
    assert (rated.persona_ids, rated.seed_user_ids) == (["0001", "0002", "0003"], ["ann", None, "bob"])
    return rated.ratings.tolist()


def same(found: list[list[float]], wanted: list[list[float]]) -> bool:
    return np.array_equal(found, wanted, equal_nan=True)


def test_answers_stand_in_the_order_of_personas_and_probes(warehouse: Warehouse) -> None:
    answers = [answer("0003", "i1", 4), answer("0001", "i3", 5), answer("0001", "i2", 1)]
    assert same(matrix(warehouse, answers), [[1, HOLE, 5], [HOLE] * 3, [HOLE, 4, HOLE]])


def test_an_expected_rating_is_placed_by_its_fraction_and_a_likert_one_by_its_digit(warehouse: Warehouse) -> None:
    answers = [
        answer("0001", "i1", 4, expected_rating=3.6, elicitation="expected"),
        answer("0002", "i1", 4, expected_rating=3.6),
    ]
    assert same(matrix(warehouse, answers), [[HOLE, 3.6, HOLE], [HOLE, 4, HOLE], [HOLE] * 3])


def test_answers_that_are_none_of_others_or_of_other_items_are_left_out(warehouse: Warehouse) -> None:
    answers = [
        answer("0001", "i1", 2),
        answer("0001", "i2", 3, status="unparsed"),
        answer("0001", "gone", 3),
        answer("0009", "i1", 3),
        answer("0002", "i1", 3, population="other"),
    ]
    assert same(matrix(warehouse, answers), [[HOLE, 2, HOLE], [HOLE] * 3, [HOLE] * 3])


def test_a_perfect_rater_is_placed_by_what_it_answered_under_that_instrument(warehouse: Warehouse) -> None:
    answers = [answer("0001", "i1", 2, instrument="paper"), answer("0001", "i1", 5, instrument="calibrated")]
    for instrument, rating in (("paper", 2), ("calibrated", 5)):
        assert same(matrix(warehouse, answers, instrument), [[HOLE, rating, HOLE], [HOLE] * 3, [HOLE] * 3])


def test_who_has_no_pair_has_no_place_and_starts_are_named_after_seed_users(warehouse: Warehouse) -> None:
    study = Study.model_validate(
        {
            "name": "s",
            "sources": [{"category": "Beauty", "reviews": "b.jsonl"}],
            "splits": {"Beauty": ["Beauty"]},
            "populations": [{"name": "p", "condition": "control", "rater": {"backend": "random"}}],
        }
    )
    matrix(warehouse, [answer("0001", "i1", 2), answer("0001", "i2", 5), answer("0002", "i1", 2)])
    rated = read_ratings(warehouse, THREE, **KEY, instrument="paper")
    seeds = start_seeds(rated, study, population="p")
    assert start_seeds(rated._replace(persona_ids=["7", "0002", "9"]), study, population="p") == seeds
    assert len({*seeds, *start_seeds(rated, study, population="q")}) == 6
    # Two more who stand for Ann start elsewhere than the first of hers, who stays where she was.
    more = rated._replace(
        persona_ids=[*rated.persona_ids, "0004", "0005"], seed_user_ids=[*rated.seed_user_ids, "ann", "ann"]
    )
    with_more = start_seeds(more, study, population="p")
    assert with_more[:3] == seeds
    assert len(set(with_more)) == 5
    placement = study.instruments["paper"].placement.model_copy(update={"steps": 2})
    placed = place_personas(_model(), THREE.vectors, rated.ratings, placement, min_gap=1, seeds=seeds)
    rows = embedding_rows(rated, placed, study, **KEY, instrument="paper", code_version="1").to_pylist()
    assert [(row["n_pairs"], row["placed"]) for row in rows] == [(1, True), (0, False), (0, False)]
    assert [row["embedding"] is None for row in rows] == [False, True, True]
    assert [row["mixture"] is None for row in rows] == [False, True, True]
    assert len(rows[0]["embedding"]) == SETTINGS.dimension
    assert [row["loss"] is None for row in rows] == [False, True, True]


@pytest.mark.parametrize(("elicitation", "pairs"), [("expected", 3), ("likert", 1)])
def test_the_rater_says_how_far_apart_two_ratings_make_a_pair(
    warehouse: Warehouse, elicitation: str, pairs: int
) -> None:
    rater = {"backend": "imported", "elicitation": elicitation}
    study = Study.model_validate(
        {
            "name": "s",
            "sources": [{"category": "Beauty", "reviews": "b.jsonl"}],
            "splits": {"Beauty": ["Beauty"]},
            "populations": [{"name": "p", "condition": "imported", "rater": rater}],
        }
    )
    rated = RatedPersonas(["0001"], ["ann"], np.array([[3.0, 3.1, 4.05]]))
    made = place_population(_model(), THREE, rated, study, population="p", instrument="paper", seeds=[1])
    assert made.n_pairs.tolist() == [pairs]
