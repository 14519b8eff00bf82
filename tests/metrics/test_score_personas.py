"""A population's scores are those of its own places and answers, against the users that all populations meet."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from python_assets.metrics import score_split
from python_assets.metrics.paired_panel import PersonaPlaces, paired_panel
from python_assets.metrics.panel import score_population
from python_assets.metrics.score_split import PopulationScores, score_personas_of, scores_seed
from python_assets.placement.personas import RatedPersonas
from python_assets.probe_items import ProbeItems
from python_assets.seeds import derive_seed
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import from_matrix
from tests.metrics.test_paired_panel import ITEMS, MODEL, OWN, PROBES, RATINGS, SEEDS, USERS, placed

KEY = {"split": "B", "population": "p", "instrument": "paper"}
IDS = ["0001", "0003", "0004", "0005"]
# Before the others' in order, without a place, and with answers of its own.
NOWHERE = "0002"
PAIRS = np.where(np.arange(40) < 30, np.arange(40) % 3 + 1, 0)


def study() -> Study:
    return Study.model_validate(
        {
            "name": "s",
            "sources": [{"category": "B", "reviews": "b.jsonl"}],
            "splits": {"B": ["B"]},
            "populations": [{"name": "p", "condition": "imported", "rater": {"backend": "imported"}}],
            "metrics": {"users": "with_pairs", "resamples": 2, "permutations": 9, "triplets": 400, "neighbours": 2},
        }
    )


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Five personas, four of which have a place, and the catalogue."""
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    people = [*zip(IDS, SEEDS, strict=True), (NOWHERE, None)]
    vectors = {"mixture": OWN, "embedding": placed(OWN)}
    own = {"seed": 1, "config_hash": "c", "code_version": "1", "created_at": datetime(2026, 1, 1), "n_pairs": 1}
    rows = [
        {**KEY, **own, "persona_id": name, "seed_user_id": user, "placed": name != NOWHERE}
        | {column: matrix[row].tolist() if name != NOWHERE else None for column, matrix in vectors.items()}
        for row, (name, user) in enumerate(people)
    ]
    made.replace_slice("ml.persona_embeddings", pa.Table.from_pylist(rows), where=KEY)
    made.write(
        lambda connection: connection.execute(
            "create schema corpus; create table corpus.items as"
            f" select 'B' as split, 'B' as category, printf('%02d', n) as item_id from range({len(ITEMS)}) as items (n)"
        ).fetchall()
    )
    names = [f"{n:02d}" for n in range(len(ITEMS))]
    made_by = {"category": "B", "text_hash": "t", "model": "m", "model_sha256": "s", "code_version": "1"}
    columns = {name: [value] * len(names) for name, value in made_by.items()}
    stamps = pa.array([datetime(2026, 1, 1)] * len(names), pa.timestamp("us"))
    table = pa.table({**columns, "item_id": names, "embedding": from_matrix(ITEMS), "created_at": stamps})
    made.replace_slice("ml.item_embeddings", table, where={"category": "B"})
    return made


@pytest.fixture
def scored(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> PopulationScores:
    # Whoever has no place rates everything alike, as the last of those who have one does.
    answers = np.insert(RATINGS, 1, 3.0, axis=0)
    rated = RatedPersonas(sorted([*IDS, NOWHERE]), [None] * 5, answers)
    probes = ProbeItems([f"{n:02d}" for n in range(len(PROBES))], PROBES, np.ones(len(PROBES)), pa.table({}))
    stand_ins = {
        "load_encoder": MODEL,
        "load_users": USERS._replace(n_train_pairs=PAIRS),
        "read_probes": probes,
        "read_ratings": rated,
    }
    for name, value in stand_ins.items():
        monkeypatch.setattr(score_split, name, lambda *_, value=value, **__: value)
    return score_personas_of(warehouse, study(), **KEY, code_version="1")


def test_paired_values_are_of_the_placed_and_look_at_all_users(scored: PopulationScores) -> None:
    settings, seed = study(), scores_seed(study(), "B", "paper")
    wanted = paired_panel(
        MODEL,
        USERS,
        PersonaPlaces(IDS, SEEDS, OWN, placed(OWN), RATINGS),
        n_personas=5,
        n_constant=2,
        items=ITEMS,
        probes=PROBES,
        settings=settings.metrics,
        seed=derive_seed(seed, "paired", "p"),
    )
    assert scored.paired.values.keys() == wanted.values.keys()
    for metric, value in wanted.values.items():
        assert scored.paired.values[metric] == pytest.approx(value, abs=1e-6), metric
    assert scored.paired.values["n_unplaceable"][0] == 1
    assert scored.paired.distances["persona_id"].to_pylist() == IDS


def test_distributions_are_compared_with_the_users_that_the_study_names(scored: PopulationScores) -> None:
    seed = scores_seed(study(), "B", "paper")
    wanted = score_population(USERS.embeddings[PAIRS > 0], placed(OWN), settings=study().metrics, seed=seed)
    found = {row["metric"]: row for row in scored.scores.to_pylist()}
    assert found.keys() == {score.metric for score in wanted if score.value is not None}
    for score in wanted:
        assert found[score.metric]["value"] == pytest.approx(score.value, abs=1e-6)
        assert found[score.metric]["p_value"] == score.p_value
    assert {(row["source"], row["n"]) for row in found.values()} == {("persona", scored.n)} == {("persona", 4)}
