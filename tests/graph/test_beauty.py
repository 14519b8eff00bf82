"""The real All_Beauty corpus through the command: the corpus authors' own 5-core, row for row."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished, own_environment, run_command


@pytest.fixture(scope="module")
def beauty(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Finished:
    """`beauty` as far as the corpus: the first job of `run`."""
    folder = tmp_path_factory.mktemp("beauty")
    environment = own_environment(folder)
    done = run_command(
        folder, environment, "run", "--study", "beauty", "--data-root", str(real_data), "--until", "prepare"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return Finished(folder, Warehouse(folder / "warehouse" / "beauty.duckdb"), done.stdout, environment)


def test_interactions_equal_the_official_five_core_row_for_row(beauty: Finished, real_data: Path) -> None:
    official = str(real_data / "amazon_2023" / "All_Beauty" / "All_Beauty.5core.csv")
    with beauty.warehouse.connect() as connection:
        ours = connection.execute(
            "select user_id, item_id, rating, epoch_ms(reviewed_at) from corpus.interactions where split = 'All_Beauty' order by all"
        ).fetchall()
        theirs = connection.execute(
            "select user_id, parent_asin, rating::double, timestamp::bigint from read_csv(?) order by all", [official]
        ).fetchall()
    assert len(theirs) == 2535
    assert ours == theirs


def test_all_reviews_were_accepted_and_probes_fill_their_bands(beauty: Finished) -> None:
    assert beauty.warehouse.rows("select sum(n_accepted) from raw.ingested_files where kind = 'reviews'") == [(2544,)]
    bands = beauty.warehouse.rows("select band, count(*) from probes.probe_items group by all order by all")
    assert bands == [("head", 20), ("tail", 40), ("torso", 40)]
