"""Batches on a lake end where a file that was built at once does, row for row."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse
from tests.lake.conftest import Server
from tests.sql.batches import Batch, build_batches, differences
from tests.sql.random_batches import half_filled, random_batches

pytestmark = pytest.mark.long


def test_random_batches_equal_a_full_build_of_a_file(server: Server, tmp_path: Path) -> None:
    """The first build runs the data tests of everything, a later one those of what it made."""
    batches = random_batches(seed=2, n=3)
    lake = half_filled(server.new_lake("batches"), seed=4)
    of_other_code = [f"update {table}_built set code = 0" for table in ("corpus.users", "corpus.interactions")]
    of_other_code += ["alter table corpus.users add column of_before integer"]
    made_twice = [f"insert into {name} from {name}" for name in ("corpus.core_reviews", "corpus.core_reviews_built")]
    made_twice += [name.replace("core_reviews", "grounding_lines").replace("corpus", "personas") for name in made_twice]
    last = [Batch(made_twice, "build"), Batch(of_other_code, "build")]
    done = build_batches(lake, tmp_path / "target", [Batch([], "build"), *batches, *last])
    assert done == [True] * 6
    file = half_filled(Warehouse(tmp_path / "at_once.duckdb"), seed=4)
    at_once = Batch([statement for batch in batches for statement in batch.statements])
    assert build_batches(file, tmp_path / "target_of_file", [at_once]) == [True]
    assert differences(lake, file) == {}
