"""Two processes that train together, on the CPU, end where one alone ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from python_assets.encoder import devices
from python_assets.encoder.devices import run_on_devices, share_of
from python_assets.encoder.model import load_frozen
from python_assets.encoder.store import EncoderKey, save_encoder, train_or_resume
from python_assets.study import Encoder
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import to_matrix
from tests.encoder.planted import planted_corpus

# No dropout: each process draws its own masks. A batch size that leaves an odd, small last batch.
SETTINGS = Encoder(max_epochs=3, batch_size=127, hidden_width=32, dimension=16, dropout=0.0)
KEY = EncoderKey(split="Beauty", instrument="paper", seed=5)


def train(path: Path) -> None:
    """What ``train_and_save`` does, on a planted corpus."""
    torch.set_num_threads(1)
    data, warehouse = planted_corpus().data, Warehouse(path)
    trained = train_or_resume(warehouse, data, SETTINGS, split="Beauty", seed=5, log=print, progress=False)
    if devices.rank() == 0:
        save_encoder(warehouse, data, trained, **KEY, code_version="test")


def fail_in_the_second() -> None:
    # The first may be done before the second has found it, which would be another failure.
    torch.distributed.barrier()
    if devices.rank() == 1:
        raise ValueError("the second process has had enough")


def prepared(path: Path) -> Warehouse:
    warehouse = Warehouse(path)
    warehouse.prepare(dimension=16)
    return warehouse


def test_two_processes_end_with_the_weights_of_one(tmp_path: Path) -> None:
    alone, together = (prepared(tmp_path / name) for name in ("alone.duckdb", "together.duckdb"))
    train(alone.path)
    run_on_devices(train, together.path, processes=2)
    ours, theirs = (
        load_frozen(each.rows("select checkpoint from ml.encoder_runs")[0][0]).state_dict()
        for each in (together, alone)
    )
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-4, atol=1e-5)
    places = "select mixture from ml.user_embeddings order by user_id"
    np.testing.assert_allclose(
        to_matrix(together.read(places)["mixture"]), to_matrix(alone.read(places)["mixture"]), atol=1e-5
    )
    assert together.rows("select count(*) from ml.encoder_runs") == [(1,)]
    assert together.rows("select count(*) from ml.training_states") == [(0,)]


def test_a_failure_in_one_process_ends_all() -> None:
    with pytest.raises(torch.multiprocessing.ProcessRaisedException, match="has had enough"):
        run_on_devices(fail_in_the_second, processes=2)


def test_shares_of_a_batch_are_disjoint_and_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, parts = np.arange(33).reshape(11, 3), []
    monkeypatch.setattr(devices, "world_size", lambda: 4)
    for number in range(4):
        monkeypatch.setattr(devices, "rank", lambda number=number: number)
        parts.append(share_of(rows))
    np.testing.assert_array_equal(np.sort(np.concatenate(parts), axis=0), rows)
