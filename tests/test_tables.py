"""A study with another K or d goes into the same warehouse, and what is there stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import from_matrix, to_matrix
from python_assets.warehouse.tables import VECTORS


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Made for K = 4 and d = 8."""
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare(prototypes=4, dimension=8)
    return warehouse


def types(warehouse: Warehouse) -> dict[str, list[str]]:
    """Of each table's vectors, mixture first."""
    found: dict[str, list[str]] = {}
    for table, column, _ in VECTORS:
        sql = "select data_type from duckdb_columns() where schema_name = 'ml' and table_name = ? and column_name = ?"
        found.setdefault(table, []).append(warehouse.rows(sql, [table, column])[0][0])
    return found


def places(split: str, *, prototypes: int, dimension: int) -> pa.Table:
    """Of three users."""
    rng = np.random.default_rng(prototypes)
    return pa.table(
        {
            "split": [split] * 3,
            "instrument": ["paper"] * 3,
            "seed": [0] * 3,
            "user_id": ["a", "b", "c"],
            "n_train_pairs": [5] * 3,
            "mixture": from_matrix(rng.random((3, prototypes), dtype=np.float32)),
            "embedding": from_matrix(rng.random((3, dimension), dtype=np.float32)),
        }
    )


def test_empty_tables_get_the_new_lengths(warehouse: Warehouse) -> None:
    warehouse.prepare(prototypes=6, dimension=16)
    assert types(warehouse) == {
        "user_embeddings": ["FLOAT[6]", "FLOAT[16]"],
        "persona_embeddings": ["FLOAT[6]", "FLOAT[16]"],
        "reference_embeddings": ["FLOAT[16]"],
    }


def test_rows_stay_and_those_of_another_length_come_beside_them(warehouse: Warehouse) -> None:
    old, new = places("old", prototypes=4, dimension=8), places("new", prototypes=6, dimension=16)
    warehouse.replace_slice("ml.user_embeddings", old, where={"split": "old"})
    for _ in range(2):
        warehouse.prepare(prototypes=6, dimension=16)
    warehouse.replace_slice("ml.user_embeddings", new, where={"split": "new"})
    assert types(warehouse)["user_embeddings"] == ["FLOAT[]", "FLOAT[]"]
    assert types(warehouse)["persona_embeddings"] == ["FLOAT[6]", "FLOAT[16]"]
    for made in (old, new):
        sql = "select * from ml.user_embeddings where split = ? order by user_id"
        found = warehouse.read(sql, [made["split"][0].as_py()])
        for column in ("mixture", "embedding"):
            np.testing.assert_array_equal(to_matrix(found[column]), to_matrix(made[column]))


def test_the_same_lengths_change_nothing(warehouse: Warehouse) -> None:
    warehouse.replace_slice("ml.user_embeddings", places("old", prototypes=4, dimension=8), where={})
    warehouse.prepare(prototypes=4, dimension=8)
    assert types(warehouse)["user_embeddings"] == ["FLOAT[4]", "FLOAT[8]"]
    assert warehouse.rows("select count(*) from ml.user_embeddings") == [(3,)]
