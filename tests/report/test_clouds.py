"""Which points the map is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from python_assets.report.clouds import MOST_POINTS, REAL_POINTS, read_clouds, read_distances
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import to_matrix
from tests.report.support import fill
from tests.report.world import GROUNDED, PERFECT, SEED, World


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return fill(tmp_path / "w.duckdb", World(populations=(GROUNDED, PERFECT), n_users=30))


def test_real_users_come_from_the_studys_own_seed_not_from_a_retest(warehouse: Warehouse) -> None:
    own = warehouse.read("select embedding from ml.user_embeddings where instrument = 'paper' and seed = ?", [SEED])
    with warehouse.connect() as connection:
        (cloud,) = (c for c in read_clouds(connection, with_pairs=False) if c.instrument == "paper")
    assert sorted(map(tuple, cloud.real)) == sorted(map(tuple, to_matrix(own["embedding"])))


def test_users_without_a_pair_can_be_left_out(warehouse: Warehouse) -> None:
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update ml.user_embeddings set n_train_pairs = 0 where user_id in ('user1', 'user2')")
        assert {len(cloud.real) for cloud in read_clouds(connection, with_pairs=True)} == {28}
        assert {len(cloud.real) for cloud in read_clouds(connection, with_pairs=False)} == {30}


def test_sources_tell_controls_from_personas(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        cloud = read_clouds(connection, with_pairs=False)[0]
    sources = {name: source for name, (source, _) in cloud.others.items()}
    assert sources["perfect"] == "control"
    assert sources["grounded_smollm2"] == "persona"
    assert sources["random_baseline"] == "reference"


def test_places_in_the_space_of_a_former_encoder_are_not_drawn(warehouse: Warehouse) -> None:
    failed = "where population = 'grounded_smollm2'"
    with warehouse.connect(read_only=False) as connection:
        connection.execute("alter table ml.persona_embeddings alter column embedding type float[]")
        connection.execute(f"update ml.persona_embeddings set embedding = embedding[:64] {failed}")
        connection.execute(f"delete from ml.paired_scores {failed}")
        for cloud in read_clouds(connection, with_pairs=False):
            assert {"perfect", "random_baseline"} <= cloud.others.keys()
            assert "grounded_smollm2" not in cloud.others


def test_a_map_never_has_too_many_points(tmp_path: Path) -> None:
    warehouse = fill(tmp_path / "w.duckdb", World(populations=(GROUNDED,), n_users=REAL_POINTS + 50))
    select = "select 'All_Beauty', 'paper', 'p' || i % 40, 'synthetic', i, repeat([0.5], 128)::FLOAT[128], 1, '0.1.0'"
    with warehouse.connect(read_only=False) as connection:
        connection.execute(f"insert into ml.reference_embeddings {select} from range(4000) as r(i)")
        (cloud,) = (c for c in read_clouds(connection, with_pairs=False) if c.instrument == "paper")
    assert len(cloud.real) == REAL_POINTS
    assert len(cloud.real) + sum(len(points) for _, points in cloud.others.values()) <= MOST_POINTS


def test_distances_keep_split_instrument_and_population(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        distances = read_distances(connection)
    assert {(d.split, d.instrument, d.population) for d in distances} == {
        ("All_Beauty", instrument, population)
        for instrument in ("paper", "calibrated")
        for population in ("grounded_smollm2", "perfect")
    }
    assert all(len(d.values) == 60 and np.all(d.values >= 0) for d in distances)
