"""Pairs are read from the warehouse when they are needed, and no more of them than that."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from python_assets.encoder.data import (
    BEHIND,
    EncoderDataError,
    StoredFolds,
    TrainingData,
    read_training_data,
    train_pairs_of,
)
from python_assets.encoder.store import EncoderMissingError, load_users
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished, run_sql


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


def test_pairs_of_a_corpus_that_changed_meanwhile_are_still_those_of_the_users_and_items_read(copy: Warehouse) -> None:
    before, after = (read_training_data(copy, "Combined") for _ in range(2))
    whole = _named(before, np.concatenate(list(before.folds["train"].blocks())))
    for kind in ("user", "item"):
        run_sql(copy, f"delete from corpus.{kind}s where {kind}_id = (select min({kind}_id) from corpus.{kind}s)")
    assert _named(after, train_pairs_of(after, np.arange(len(after.user_ids)))) == whole
    assert _named(after, np.concatenate(list(after.folds["train"].blocks()))) == whole


def _named(data: TrainingData, pairs: np.ndarray) -> set[tuple[str, str, str]]:
    users, items = (ids.to_numpy(zero_copy_only=False) for ids in (data.user_ids, data.item_ids))
    return set(zip(users[pairs[:, 0]], items[pairs[:, 1]], items[pairs[:, 2]], strict=True))


@pytest.mark.parametrize("cap", [None, 3])
def test_under_a_cap_another_seed_draws_other_pairs(copy: Warehouse, cap: int | None) -> None:
    run_sql(copy, f"update raw.study set max_pairs_per_user = {cap or 'null'}")
    before = read_training_data(copy, "Combined").train_hashes
    run_sql(copy, "update raw.study set seed = seed + 1")
    assert np.array_equal(read_training_data(copy, "Combined").train_hashes, before) is (cap is None)


def test_a_cap_that_cuts_nobody_changes_nobody(copy: Warehouse) -> None:
    before = read_training_data(copy, "Combined").train_hashes
    run_sql(copy, "update raw.study set max_pairs_per_user = 1000000")
    np.testing.assert_array_equal(read_training_data(copy, "Combined").train_hashes, before)
    assert copy.rows(BEHIND) == []


@pytest.mark.parametrize("cap", [None, 3])
def test_a_held_out_review_changes_whom_a_cap_cuts(copy: Warehouse, cap: int | None) -> None:
    """Pairs are drawn among those of the whole history."""
    run_sql(copy, f"update raw.study set max_pairs_per_user = {cap or 'null'}")
    before = read_training_data(copy, "Combined")
    run_sql(copy, "update corpus.interactions set rating = 6 - rating where fold = 'test' and rating <> 3")
    changed = read_training_data(copy, "Combined").train_hashes != before.train_hashes
    cut = copy.read("select n_pairs >= 3 from corpus.users where split = 'Combined' order by user_id")[0].to_numpy()
    assert changed.any() == (cap is not None)
    assert not changed[~cut].any()


def test_a_user_whom_an_encoder_does_not_know_yet_is_named(small_run: Finished) -> None:
    users = load_users(small_run.warehouse, split="Combined", instrument="paper", seed=7)
    assert users.rows(users.user_ids[:2].tolist()).tolist() == [0, 1]
    with pytest.raises(EncoderMissingError, match=r"^User nobody is newer than the encoder: .persona-fidelity run."):
        users.rows([users.user_ids[0], "nobody"])


def test_pairs_that_no_disk_holds_are_refused(small_run: Finished, tmp_path: Path) -> None:
    copy = Warehouse(shutil.copy(small_run.warehouse.path, tmp_path / "copy.duckdb"))
    with copy.connect(read_only=False) as connection:
        connection.execute("update corpus.users set n_pairs = 1e15")
    data = read_training_data(copy, "Combined")
    with pytest.raises(EncoderDataError, match=r"pairs of split Combined need .* `pairs: \{max_pairs_per_user: ...\}`"):
        data.folds["train"]
    assert [path.name for path in tmp_path.iterdir()] == ["copy.duckdb"]
