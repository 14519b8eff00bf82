"""Pairs on disk: every pair once an epoch, well mixed, and memory that a buffer bounds."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from python_assets.encoder import pair_file
from python_assets.encoder.pair_file import PairFile


def numbered(count: int) -> PairFile:
    codes = np.arange(count)
    return PairFile.of(codes, codes + 1, codes + 2)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_file, "BLOCK", 16)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 200, 1000])
@pytest.mark.parametrize("buffer", [1, 32, 100, 5000])
def test_every_pair_comes_once_in_full_batches(small_blocks: None, count: int, buffer: int) -> None:
    batches = list(numbered(count).batches(7, seed=1, buffer=buffer))
    assert [len(batch) for batch in batches] == [7] * (count // 7) + ([count % 7] if count % 7 else [])
    rows = np.concatenate(batches) if batches else np.empty((0, 3), int)
    assert sorted(rows[:, 0]) == list(range(count))
    assert (rows[:, 1] == rows[:, 0] + 1).all()
    assert (rows[:, 2] == rows[:, 0] + 2).all()


def test_order_depends_on_the_seed_alone(small_blocks: None) -> None:
    def order(seed: int) -> list[int]:
        return [int(row[0]) for batch in numbered(300).batches(10, seed=seed, buffer=64) for row in batch]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_a_buffer_draws_from_all_over_the_file(small_blocks: None) -> None:
    first = np.concatenate(list(numbered(1600).batches(80, seed=3, buffer=160))[:2])[:, 0]
    assert first.max() - first.min() > 800


def test_a_file_within_the_buffer_is_permuted_uniformly(small_blocks: None) -> None:
    """Each pair is equally likely at each place: a chi-square statistic of 40 pairs over 2,000 seeds."""
    pairs, seeds = numbered(40), 2000
    places = np.zeros((40, 40))
    for seed in range(seeds):
        order = np.concatenate(list(pairs.batches(40, seed=seed, buffer=64)))[:, 0]
        places[order, np.arange(40)] += 1
    statistic = ((places - seeds / 40) ** 2 / (seeds / 40)).sum()
    degrees = 39 * 39
    assert abs(statistic - degrees) < 5 * np.sqrt(2 * degrees)


def test_memory_stays_within_the_buffer(tmp_path: Path) -> None:
    pairs = PairFile(tmp_path)
    for start in range(0, 1_000_000, 100_000):
        pairs.append(np.full((100_000, 3), start))
    tracemalloc.start()
    seen = sum(len(batch) for batch in pairs.batches(2048, seed=0, buffer=131_072))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == 1_000_000
    # The buffer, its blocks before they are joined, and the leftover: three times the buffer, not the file's 12 MB.
    assert peak < 3.2 * 131_072 * pair_file.ROW_BYTES


def test_the_file_has_no_name(tmp_path: Path) -> None:
    PairFile(tmp_path).append(np.zeros((10, 3)))
    assert list(tmp_path.iterdir()) == []
