"""What is written down of a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.encoder.store import save_encoder
from python_assets.encoder.train import train_encoder
from python_assets.encoder.users import init_correlation, user_places
from python_assets.study import Encoder
from python_assets.warehouse import Warehouse
from tests.encoder.planted import planted_corpus, with_silent_users


def test_only_who_can_move_is_held_against_the_random_start(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare(dimension=16)
    heard = planted_corpus().data
    data, n = with_silent_users(heard, 200), len(heard.user_ids)
    settings = Encoder(max_epochs=2, batch_size=128, hidden_width=32, dimension=16, mixture_lr=0.5)
    trained = train_encoder(data, settings, seed=5, progress=False)
    save_encoder(warehouse, data, trained, split="Beauty", instrument="paper", seed=5, code_version="test")
    start, final = trained.start_mixtures, user_places(trained.model).mixtures
    everybody, own = init_correlation(start, final), init_correlation(start[:n], final[:n])
    assert everybody is not None
    assert own is not None
    assert everybody > own + 0.2
    assert warehouse.rows("select init_correlation from ml.encoder_runs") == [(pytest.approx(own),)]
