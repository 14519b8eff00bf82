"""Files, settings and runs in random order: what the last run leaves is what one run makes of the last files and settings."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from python_assets.warehouse import Warehouse
from tests.graph.conftest import own_environment
from tests.graph.lives import Life
from tests.graph.results import CHOICES, CORPUS, RESULTS, differing_rows
from tests.raters.loopback import Reply, completion, server

pytestmark = pytest.mark.long

SEEDS = [int(seed) for seed in os.environ.get("PERSONA_FIDELITY_LIVES", "1 2").split()]
EVENTS = 6
OF_THE_STUDY = "semi join raw.splits using (split) semi join raw.populations using (population)"
MADE = [
    f"select split, population, persona_id, seed_user_id, persona_text, flags, seed from ml.personas {OF_THE_STUDY}",
    f"select split, population, persona_id, item_id, instrument, rating, status from ml.ratings {OF_THE_STUDY}",
    f"select split, population, persona_id, instrument, n_pairs, placed, loss from ml.persona_embeddings {OF_THE_STUDY}",
]


def answer(body: dict[str, Any]) -> Reply:
    """The same for the same messages: a rating, or a persona's text."""
    number = int(hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest(), 16)
    if body["max_tokens"] < 100:
        return 200, completion(str(1 + number % 5))
    return 200, completion(f"I am person {number % 10**6}, and I buy what I like. " * 4)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server(answer) as url:
        yield url


@pytest.mark.parametrize("seed", SEEDS)
def test_a_life_ends_as_if_nothing_had_happened(seed: int, tmp_path: Path, demo_data: Path, address: str) -> None:
    life = lived(tmp_path / "life", demo_data, address, seed=seed, follows=True)
    afresh = tmp_path / "afresh"
    shutil.copytree(life.files.here, afresh / "files")
    shutil.copy(life.folder / "life.yml", afresh)
    anew = life.command("run", "--study", str(afresh / "life.yml"), "--warehouse", str(afresh / "life.duckdb"))
    assert anew.returncode == 0, anew.stderr[-3000:]
    tables = [f"from {table}" for table in CORPUS + CHOICES + RESULTS] + MADE
    found = differing_rows(life.warehouse, Warehouse(afresh / "life.duckdb"), tables)
    assert not found, "\n".join([*life.said, str(found)])


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_life_leaves_is_what_doing_all_of_it_again_leaves(
    seed: int, tmp_path: Path, demo_data: Path, address: str
) -> None:
    life = lived(tmp_path / "life", demo_data, address, seed=seed, follows=False)
    before = Warehouse(Path(shutil.copy(life.warehouse.path, tmp_path / "life.duckdb")))
    anew = life.command("run", "--study", "life.yml", "--force")
    assert anew.returncode == 0, anew.stderr[-3000:]
    tables = [f"from {table}" for table in CORPUS + CHOICES + RESULTS] + MADE
    found = differing_rows(before, life.warehouse, tables)
    assert not found, "\n".join([*life.said, str(found)])


def lived(folder: Path, corpus: Path, address: str, *, seed: int, follows: bool) -> Life:
    """What happened ends with a run, after which there is nothing to do."""
    folder.mkdir()
    life = Life(folder, corpus, address, own_environment(folder), seed=seed, follows=follows)
    life.command("run", "--study", "life.yml")
    for _ in range(EVENTS):
        life.go_on()
    done = life.command("run", "--study", "life.yml")
    told = "\n".join(life.said)
    print(told)
    assert done.returncode == 0, f"{told}\n{done.stderr[-3000:]}"
    again = life.command("run", "--study", "life.yml")
    redone = [line for line in again.stderr.splitlines() if line.startswith("[") and "unchanged" not in line]
    assert not redone, f"{told}\n{redone}"
    return life
