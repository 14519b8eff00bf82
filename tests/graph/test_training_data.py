"""Pairs are read from the warehouse when they are needed, and no more of them than that."""

from __future__ import annotations

import numpy as np

from python_assets.encoder.data import StoredFolds, read_training_data, train_pairs_of
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
