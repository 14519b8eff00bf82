"""k-means inside popularity bands."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from python_assets.text import clusters
from python_assets.text.clusters import Band, ItemTextError, cluster_bands, short_bands

MADE: dict[str, Any] = {
    "categories": {"Beauty": "Beauty", "A": "A", "Games": "Games"},
    "config_hash": "x",
    "code_version": "test",
}


def band(vectors: np.ndarray, *, name: str = "head", split: str = "Beauty") -> Band:
    """Items with the same vector have the same text."""
    ids = np.array([f"i{row:04d}" for row in range(len(vectors))], dtype=object)
    texts = np.array([hashlib.md5(vector.tobytes()).hexdigest() for vector in vectors], dtype=object)
    return Band(split, name, ids, texts, vectors.astype(np.float32))


def blobs(count: int, size: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(count, 384)) * 10
    labels = np.repeat(np.arange(count), size)
    return centres[labels] + rng.normal(size=(count * size, 384)) * 0.1, labels


def run(bands: list[Band], *, seed: int = 42, **wanted: int) -> dict[str, np.ndarray]:
    wanted = {"head": 0, "torso": 0, "tail": 0} | wanted
    table = cluster_bands(bands, wanted=wanted, seed=seed, **MADE)
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}


def test_as_many_clusters_as_probes_wanted_and_each_blob_is_one() -> None:
    vectors, blob = blobs(5, 12)
    rows = run([band(vectors)], head=5)
    assert set(rows["cluster"]) == set(range(5))
    assert all(len(set(rows["cluster"][blob == one])) == 1 for one in range(5))


def test_distance_is_to_the_own_centre() -> None:
    vectors, _ = blobs(3, 8)
    rows = run([band(vectors)], head=3)
    for cluster in range(3):
        members = vectors[rows["cluster"] == cluster]
        expected = np.linalg.norm(members - members.mean(axis=0), axis=1)
        np.testing.assert_allclose(rows["distance"][rows["cluster"] == cluster], expected, rtol=1e-3)


def test_a_small_band_gives_every_item_its_own_cluster() -> None:
    rows = run([band(np.eye(4, 384))], head=10)
    assert sorted(rows["cluster"]) == [0, 1, 2, 3]
    assert not rows["distance"].any()


def test_items_of_the_same_text_are_one_point() -> None:
    rows = run([band(np.eye(3, 384)[[0, 0, 0, 1, 1, 2]])], head=5)
    assert len(set(rows["cluster"])) == 3
    few = run([band(np.eye(3, 384)[[2, 0, 0, 1]])], head=5)
    assert list(few["cluster"]) == [0, 1, 1, 2]


def test_a_split_of_one_text_is_refused() -> None:
    same, other = np.ones((3, 384)), np.eye(2, 384)
    with pytest.raises(ItemTextError, match=r"All items of split Beauty have the same text.*`items:`"):
        run([band(same), band(same, name="tail"), band(other, split="Games")], head=2, tail=2)
    assert len(run([band(same), band(other, name="tail")], head=2, tail=2)["cluster"]) == 5


def test_bands_that_give_fewer_probes_are_told() -> None:
    bands = [band(np.eye(3, 384)[[0, 0, 1, 2]], name="tail"), band(np.eye(5, 384)), band(np.eye(2, 384), split="A")]
    wanted = {"head": 4, "torso": 0, "tail": 9}
    rows = cluster_bands(bands, wanted=wanted, seed=1, **MADE)
    assert short_bands(rows, wanted) == [
        "A: 2 of 4 probes wanted in the head, which has no more items with different texts",
        "Beauty: 3 of 9 probes wanted in the tail, which has no more items with different texts",
    ]


@pytest.mark.parametrize("mini_batch_from", [10, 10_000])
def test_no_cluster_stays_empty(monkeypatch: pytest.MonkeyPatch, mini_batch_from: int) -> None:
    monkeypatch.setattr(clusters, "MINI_BATCH_FROM", mini_batch_from)
    texts = np.random.default_rng(3).normal(size=(30, 384))
    texts[20:] = texts[:10] + 1e-4  # k-means itself takes these for one.
    points = np.r_[np.arange(30), np.zeros(20, int)]
    rows = run([band(texts[points])], head=25)
    assert set(rows["cluster"]) == set(range(25))
    assert len({*zip(points, rows["cluster"], strict=True)}) == 30, "items of the same text are in one cluster"
    assert (rows["distance"] >= 0).all()


def test_the_same_seed_gives_the_same_clusters_and_bands_have_their_own_seeds() -> None:
    vectors, _ = blobs(6, 6)
    both = [band(vectors), band(vectors, name="tail")]
    first, second = run(both, head=6, tail=6), run(both, head=6, tail=6)
    np.testing.assert_array_equal(first["cluster"], second["cluster"])
    assert len(set(first["seed"])) == 2
    assert set(run(both, head=6, tail=6, seed=7)["seed"]).isdisjoint(first["seed"])


def test_a_band_that_wants_no_probe_is_left_out() -> None:
    vectors, _ = blobs(2, 4)
    assert set(run([band(vectors), band(vectors, name="tail")], head=2)["band"]) == {"head"}


def test_large_bands_are_clustered_in_mini_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, blob = blobs(4, 30)
    monkeypatch.setattr(clusters, "MINI_BATCH_FROM", 100)
    rows = run([band(vectors)], head=4)
    assert all(len(set(rows["cluster"][blob == one])) == 1 for one in range(4))
