"""Memory grows with the items and the block, not with the users."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from python_assets.simulate import SimulationSettings, blocks, corpus, simulate, tastes


def _peak(users: int, folder: Path) -> int:
    settings = SimulationSettings(users=users, items=100, min_reviews=6, mean_reviews=8, cross_category_share=0)
    tracemalloc.start()
    try:
        simulate(settings, folder, progress=False)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_four_times_the_users_take_no_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Smaller blocks and a smaller pilot make the difference show in a small corpus.
    for module in (blocks, corpus):
        monkeypatch.setattr(module, "BLOCK_USERS", 200)
    monkeypatch.setattr(tastes, "PILOT_PICKS", 1_000)
    _peak(50, tmp_path / "warm_up")
    two, eight = _peak(2 * 200, tmp_path / "two"), _peak(8 * 200, tmp_path / "eight")
    assert eight < 1.25 * two
