"""A real ``kill -9`` in the middle of training, and what the next run makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from python_assets.encoder.model import load_frozen
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import to_matrix
from tests.conftest import PROJECT

TRAIN = """
import sys
import torch
from python_assets.encoder.store import save_encoder, train_or_resume
from python_assets.study import Encoder
from python_assets.warehouse import Warehouse
from tests.encoder.planted import planted_corpus

torch.set_num_threads(1)
data, warehouse = planted_corpus(pairs=6000).data, Warehouse(sys.argv[1])
settings = Encoder(max_epochs=6, batch_size=64, hidden_width=64, dimension=16)
trained = train_or_resume(warehouse, data, settings, split="Beauty", seed=5, log=print, progress=False)
save_encoder(warehouse, data, trained, split="Beauty", instrument="paper", seed=5, code_version="test")
"""


def start(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(path)],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def prepared(path: Path) -> Warehouse:
    warehouse = Warehouse(path)
    warehouse.prepare(dimension=16)
    return warehouse


def wait_for_epoch(warehouse: Warehouse, epoch: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while warehouse.rows("select count(*) from ml.training_states where epoch >= ?", [epoch]) == [(0,)]:
        assert process.poll() is None, "training ended before it could be killed"
        assert time.monotonic() < deadline, "no epoch was written in two minutes"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = prepared(tmp_path_factory.mktemp("undisturbed") / "w.duckdb")
    assert start(warehouse.path).wait() == 0
    return warehouse


def test_training_killed_between_two_epochs_ends_with_the_same_encoder_bit_for_bit(
    tmp_path: Path, undisturbed: Warehouse
) -> None:
    warehouse = prepared(tmp_path / "w.duckdb")
    process = start(warehouse.path)
    wait_for_epoch(warehouse, 2, process)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert warehouse.rows("select count(*) from ml.encoder_runs") == [(0,)]
    last = start(warehouse.path)
    output, _ = last.communicate()
    assert last.returncode == 0
    assert "resuming Beauty after epoch" in output

    figures = "select best_epoch, validation_accuracy, test_accuracy, logit_scale from ml.encoder_runs"
    assert warehouse.rows(figures) == undisturbed.rows(figures)
    ours, theirs = (
        load_frozen(each.rows("select checkpoint from ml.encoder_runs")[0][0]).state_dict()
        for each in (warehouse, undisturbed)
    )
    assert all((ours[name] == theirs[name]).all() for name in theirs)
    places = "select mixture, embedding from ml.user_embeddings order by user_id"
    for column in ("mixture", "embedding"):
        assert (to_matrix(warehouse.read(places)[column]) == to_matrix(undisturbed.read(places)[column])).all()
    assert warehouse.rows("select count(*) from ml.training_states") == [(0,)]
