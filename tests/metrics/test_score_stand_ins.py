"""Each persona population is held against the perfect stand-ins of its own users, in its own split and instrument."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from python_assets.metrics.score_split import scores_seed
from python_assets.metrics.score_stand_ins import hold_against
from python_assets.metrics.scores import METRICS
from python_assets.metrics.stand_ins import perfect_values
from python_assets.seeds import derive_seed
from python_assets.study import Study
from python_assets.warehouse import Warehouse

SPLITS, INSTRUMENTS, SEEDS, NAMES = ("A", "B"), ("one", "two"), (3, 4), [f"u{number:02d}" for number in range(60)]
MADE = {"seed": 3, "config_hash": "c", "code_version": "1", "created_at": datetime(2026, 1, 1)}
SIZES = {"few": 8, "many": 14, "controlled": 14, "stand_ins": 19}
KEY = {"split": "A", "instrument": "one"}
# The last users have no training pair, and the last stand-in no place.
PAIRS = np.where(np.arange(60) < 50, 3, 0)


def study(*, perfect: bool = True) -> Study:
    imported, control = {"condition": "imported"}, {"condition": "control"}
    populations = [
        {"name": "few", **imported, "rater": {"backend": "imported"}},
        {"name": "many", **imported, "rater": {"backend": "imported"}},
        {"name": "controlled", **control, "rater": {"backend": "random"}},
        {"name": "stand_ins", **control, "rater": {"backend": "perfect" if perfect else "constant"}},
    ]
    return Study.model_validate(
        {
            "name": "s",
            "seed": 3,
            "sources": [{"category": name, "reviews": "b.jsonl"} for name in SPLITS],
            "splits": {name: [name] for name in SPLITS},
            "instruments": {name: {"encoder": {"dimension": 5}} for name in INSTRUMENTS},
            "populations": populations,
            "metrics": {"users": "with_pairs", "resamples": 2, "permutations": 9, "projections": 20, "neighbours": 3},
        }
    )


def vectors(*which: str | int, rows: int = 60) -> np.ndarray:
    """Other ones for every split, instrument and seed."""
    return np.random.default_rng(derive_seed(1, *which)).normal(size=(rows, 5)).astype(np.float32)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Users, stand-ins and two populations of two splits, two instruments and two seeds, which have no values yet."""
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare(prototypes=4, dimension=5)
    users, places, scores = [], [], []
    for split in SPLITS:
        for instrument in INSTRUMENTS:
            key = {"split": split, "instrument": instrument}
            users += [
                {
                    **key,
                    "seed": seed,
                    "user_id": name,
                    "n_train_pairs": pairs,
                    "mixture": [0.25] * 4,
                    "embedding": vector,
                }
                for seed in SEEDS
                for name, pairs, vector in zip(
                    NAMES, PAIRS.tolist(), vectors(split, instrument, seed).tolist(), strict=True
                )
            ]
            own = vectors(split, instrument, "places").tolist()
            for population, people in {"stand_ins": NAMES[:20], "few": NAMES[5:13], "many": NAMES[2:16]}.items():
                places += [
                    {
                        **key,
                        **MADE,
                        "population": population,
                        "persona_id": f"{row:02d}",
                        "seed_user_id": name,
                        "n_pairs": 1,
                    }
                    | {
                        "placed": name != NAMES[19],
                        "embedding": own[row] if name != NAMES[19] else None,
                        "mixture": None,
                    }
                    for row, name in enumerate(people)
                ]
            scores += [
                {**key, **MADE, "population": name, "metric": metric, "n": n, "resamples": 2, "value": 1.0}
                | {"source": "control" if name in ("controlled", "stand_ins") else "persona"}
                for name, n in SIZES.items()
                for metric in METRICS
            ]
    for table, rows in {"user_embeddings": users, "persona_embeddings": places, "population_scores": scores}.items():
        made.replace_slice(f"ml.{table}", pa.Table.from_pylist(rows), where={})
    return made


def held(warehouse: Warehouse) -> dict[tuple[str, str, str], dict[str, float | None]]:
    """Values by split, instrument and population; only of those that have any."""
    sql = "select split, instrument, population, metric, perfect_value from ml.population_scores where perfect_value is not null"
    found: dict[tuple[str, str, str], dict[str, float | None]] = {}
    for split, instrument, population, metric, value in warehouse.rows(sql):
        found.setdefault((split, instrument, population), {})[metric] = value
    return found


def wanted(people: list[str], n: int) -> dict[str, float | None]:
    places = dict(zip(NAMES[:19], vectors("A", "one", "places"), strict=False))
    return perfect_values(
        vectors("A", "one", 3)[PAIRS > 0],
        places,
        people,
        n=n,
        settings=study().metrics,
        seed=scores_seed(study(), "A", "one"),
    )


def test_a_population_meets_the_stand_ins_of_its_own_users(warehouse: Warehouse) -> None:
    hold_against(warehouse, study(), "few", **KEY)
    assert held(warehouse) == {("A", "one", "few"): pytest.approx(wanted(NAMES[5:13], 8))}


def test_new_stand_ins_meet_every_population_of_their_split_and_instrument(warehouse: Warehouse) -> None:
    hold_against(warehouse, study(), "stand_ins", **KEY)
    assert held(warehouse) == {
        ("A", "one", "few"): pytest.approx(wanted(NAMES[5:13], 8)),
        ("A", "one", "many"): pytest.approx(wanted(NAMES[2:16], 14)),
    }


def test_a_value_of_before_goes_where_there_are_too_few_stand_ins(warehouse: Warehouse) -> None:
    hold_against(warehouse, study(), "stand_ins", **KEY)
    warehouse.write(
        lambda connection: connection.execute("update ml.population_scores set n = 20 where population = 'few'")
    )
    hold_against(warehouse, study(), "few", **KEY)
    assert held(warehouse).keys() == {("A", "one", "many")}


def test_stand_ins_that_failed_in_a_new_space_are_held_against_nobody(warehouse: Warehouse) -> None:
    hold_against(warehouse, study(), "stand_ins", **KEY)
    # As new references do; its places stay, in the space of the former encoder.
    warehouse.write(
        lambda connection: connection.execute("delete from ml.population_scores where population = 'stand_ins'")
    )
    hold_against(warehouse, study(), "few", **KEY)
    assert held(warehouse).keys() == {("A", "one", "many")}


@pytest.mark.parametrize(("population", "perfect"), [("controlled", True), ("few", False), ("unknown", True)])
def test_who_has_nothing_to_be_held_against_stays_as_it_is(
    warehouse: Warehouse, population: str, perfect: bool
) -> None:
    hold_against(warehouse, study(perfect=perfect), population, **KEY)
    assert held(warehouse) == {}
