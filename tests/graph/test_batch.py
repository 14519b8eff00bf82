"""One more batch in a whole study: new users are folded in and become seed users, and nothing else is made anew."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse
from tests.graph.conftest import STUDY, Finished, own_environment, run_command

# As a study asks of a seed user.
REVIEWS = 12


@pytest.fixture(scope="module")
def newcomers() -> list[str]:
    """Users whom md5 of user and seed puts before most others, so that seed users behind them get other numbers."""
    names = sorted((f"newcomer{n}" for n in range(2000)), key=lambda name: hashlib.md5(f"{name}|7".encode()).digest())
    return names[:2]


@pytest.fixture(scope="module")
def grown(
    small_run: Finished, newcomers: list[str], demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Finished:
    """The run, and after it one with a file more, which holds the newcomers' reviews."""
    folder = tmp_path_factory.mktemp("grown")
    shutil.copytree(small_run.folder / "warehouse", folder / "warehouse")
    popular = "select item_id from corpus.interactions where category = ? group by item_id order by count(*) desc, item_id limit ?"
    items = [item for (item,) in small_run.warehouse.rows(popular, ["All_Beauty", REVIEWS])]
    review = {"title": "", "text": "", "helpful_vote": 0, "verified_purchase": True}
    lines = [
        {
            **review,
            "user_id": user,
            "asin": item,
            "parent_asin": item,
            "rating": 1 + place % 5,
            "timestamp": 1_690_000_000_000 + place,
        }
        for user in newcomers
        for place, item in enumerate(items)
    ]
    more = folder / "more.jsonl"
    more.write_text("".join(json.dumps(line) + "\n" for line in lines))
    old = "{root}/raw/review_categories/All_Beauty.jsonl.gz"
    (folder / "small.yml").write_text(STUDY.replace(old, f"[{old}, {more}]").format(root=demo_data))
    environment = own_environment(folder)
    done = run_command(folder, environment, "run", "--study", "small.yml")
    assert done.returncode == 0, done.stderr[-3000:]
    return Finished(folder, Warehouse(folder / "warehouse" / "small.duckdb"), done.stdout, environment, done.stderr)


@pytest.mark.parametrize("table", ["ml.encoder_runs", "ml.item_embeddings", "ml.item_clusters", "probes.probe_items"])
def test_what_new_users_do_not_change_is_not_made_anew(small_run: Finished, grown: Finished, table: str) -> None:
    rows = f"from {table} order by all"
    assert grown.warehouse.rows(rows) == small_run.warehouse.rows(rows)


def test_new_users_are_folded_in_and_the_others_stay(
    small_run: Finished, grown: Finished, newcomers: list[str]
) -> None:
    users = "select * from ml.user_embeddings where folded_in = {} order by all"
    assert grown.warehouse.rows(users.format(False)) == small_run.warehouse.rows(users.format(False))
    folded = "select distinct user_id from ml.user_embeddings where folded_in order by user_id"
    assert grown.warehouse.rows(folded) == [(user,) for user in sorted(newcomers)]


def test_a_new_seed_user_is_placed_and_moves_nobody(small_run: Finished, grown: Finished, newcomers: list[str]) -> None:
    places = "select * exclude (persona_id) from ml.persona_embeddings where population = 'perfect_rater' order by all"
    before, after = (set(map(repr, run.warehouse.rows(places))) for run in (small_run, grown))
    # Two newcomers have taken the places of the last two, in both instruments.
    assert len(before) == len(after) == 80
    assert len(before & after) == 76
    assert re.search(
        r"perfect_rater of Combined in paper: 40 personas have a place, .*, 2 were looked at anew", grown.progress
    )
