"""The bundled corpus is what its settings make, and big enough for the demo study."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from python_assets.simulate import load_settings, simulate
from tests.simulate.conftest import Corpus, read_corpus


@pytest.fixture(scope="module")
def regenerated(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    settings, folder = load_settings(demo_data / "simulation.yaml"), tmp_path_factory.mktemp("demo")
    return read_corpus(settings, folder, simulate(settings, folder, progress=False))


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.jsonl.gz"))


def test_regenerating_gives_the_same_lines(demo_data: Path, regenerated: Corpus) -> None:
    assert _files(demo_data) == _files(regenerated.folder)
    for name in _files(demo_data):
        bundled, fresh = ((root / name).read_bytes() for root in (demo_data, regenerated.folder))
        assert gzip.decompress(bundled) == gzip.decompress(fresh)


@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="zlib-ng packs the same lines into other bytes than zlib")
def test_regenerating_gives_the_same_bytes(demo_data: Path, regenerated: Corpus) -> None:
    for name in _files(demo_data):
        assert (demo_data / name).read_bytes() == (regenerated.folder / name).read_bytes()


@pytest.mark.parametrize("name", ["planted_users.parquet", "planted_items.parquet"])
def test_bundled_truth_belongs_to_the_bundled_reviews(demo_data: Path, regenerated: Corpus, name: str) -> None:
    bundled, fresh = (pq.read_table(root / name) for root in (demo_data, regenerated.folder))
    assert bundled.schema == fresh.schema
    for column in bundled.column_names:
        values, others = (np.array(table.column(column).to_pylist(), dtype=object) for table in (bundled, fresh))
        if column in ("mixture", "generosity", "attributes", "quality", "appeal", "pick_share"):
            assert np.allclose(values.astype(float), others.astype(float), rtol=0, atol=1e-9)
        else:
            assert values.tolist() == others.tolist()


def test_bundled_files_are_small(demo_data: Path) -> None:
    assert sum((demo_data / name).stat().st_size for name in _files(demo_data)) < 700_000


def test_readme_counts_are_those_of_the_corpus(demo_data: Path, regenerated: Corpus) -> None:
    report, readme = regenerated.report, (demo_data / "README.md").read_text()
    for count in (
        report.users,
        report.cross_category_users,
        report.reviews,
        report.items,
        report.rereviews,
        report.tied,
    ):
        assert f"{count:,} " in readme
    assert f"{report.duplicates} lines stand in a file twice" in readme


def test_enough_is_left_after_the_core(regenerated: Corpus) -> None:
    category = {item["parent_asin"]: name for name, items in regenerated.items.items() for item in items}
    left: set[tuple[str, str]] = set()
    for name in regenerated.items:
        pairs = {
            (user, item)
            for user, rated in regenerated.first_ratings().items()
            for item in rated
            if category[item] == name
        }
        core = _core(pairs, 5)
        assert len({item for _, item in core}) > 100
        left |= core
    counts = Counter(user for user, _ in left)
    assert len(counts) > 450
    assert sum(count >= 10 for count in counts.values()) > 100
    assert len({user for user, _ in left}) < regenerated.report.users


def _core(pairs: set[tuple[str, str]], least: int) -> set[tuple[str, str]]:
    while True:
        users, items = Counter(user for user, _ in pairs), Counter(item for _, item in pairs)
        kept = {(user, item) for user, item in pairs if users[user] >= least and items[item] >= least}
        if kept == pairs:
            return kept
        pairs = kept
