"""Pairs are read from the warehouse when they are needed, and no more of them than that."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from python_assets.encoder.data import EncoderDataError, StoredFolds, read_training_data, train_pairs_of
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished


def test_some_users_pairs_are_those_of_the_whole_split(small_run: Finished) -> None:
    data, whole = (read_training_data(small_run.warehouse, "Combined") for _ in range(2))
    users = np.flatnonzero(data.n_train_pairs)[::7]
    some = train_pairs_of(data, users)
    assert isinstance(data.folds, StoredFolds)
    assert data.folds.read is None
    assert len(whole.folds["train"]) == data.n_train_pairs.sum()
    np.testing.assert_array_equal(some, train_pairs_of(whole, users))
    np.testing.assert_array_equal(
        np.bincount(some[:, 0], minlength=len(data.user_ids))[users], data.n_train_pairs[users]
    )
    assert len(some) == data.n_train_pairs[users].sum()


def test_pairs_that_no_disk_holds_are_refused(small_run: Finished, tmp_path: Path) -> None:
    copy = Warehouse(shutil.copy(small_run.warehouse.path, tmp_path / "copy.duckdb"))
    with copy.connect(read_only=False) as connection:
        connection.execute("update corpus.users set n_pairs = 1e15")
    data = read_training_data(copy, "Combined")
    with pytest.raises(EncoderDataError, match=r"pairs of split Combined need .* `pairs: \{max_pairs_per_user: ...\}`"):
        data.folds["train"]
    assert [path.name for path in tmp_path.iterdir()] == ["copy.duckdb"]
