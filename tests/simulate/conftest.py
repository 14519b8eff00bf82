"""One simulated corpus for all tests of this folder."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from python_assets.simulate import SimulationReport, SimulationSettings, simulate


class Corpus(NamedTuple):
    """A simulated corpus, read back from its files."""

    settings: SimulationSettings
    folder: Path
    report: SimulationReport
    lines: dict[str, list[bytes]]
    reviews: list[dict[str, Any]]
    items: dict[str, list[dict[str, Any]]]

    def first_ratings(self) -> dict[str, dict[str, float]]:
        """Each user's rating of each item, from the earliest review."""
        ratings: dict[str, dict[str, float]] = defaultdict(dict)
        for review in sorted(self.reviews, key=lambda review: review["timestamp"]):
            ratings[review["user_id"]].setdefault(review["parent_asin"], review["rating"])
        return ratings

    def rating_matrix(self, users: list[str], items: list[str]) -> np.ndarray:
        """First ratings, shape (users, items), nan where there is none."""
        row, column = ({key: index for index, key in enumerate(keys)} for keys in (users, items))
        matrix = np.full((len(users), len(items)), np.nan)
        for user, ratings in self.first_ratings().items():
            for item, rating in ratings.items():
                matrix[row[user], column[item]] = rating
        return matrix


def is_review(line: bytes) -> bool:
    """Whether a line is a review that any reader would take."""
    try:
        review = json.loads(line)
    except ValueError:
        return False
    return isinstance(review.get("rating"), float) and "user_id" in review


def read_corpus(settings: SimulationSettings, folder: Path, report: SimulationReport) -> Corpus:
    """Read a corpus; ``reviews`` holds each different good line once."""
    names = [name for name, _ in settings.categories]
    lines = {name: read_lines(folder / f"raw/review_categories/{name}.jsonl.gz") for name in names}
    good = dict.fromkeys(line for each in lines.values() for line in each if is_review(line))
    items = {
        name: [json.loads(line) for line in read_lines(folder / f"raw/meta_categories/meta_{name}.jsonl.gz")]
        for name in names
    }
    return Corpus(settings, folder, report, lines, [json.loads(line) for line in good], items)


def read_lines(path: Path) -> list[bytes]:
    """Lines of a gzip file."""
    return gzip.decompress(path.read_bytes()).splitlines()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Three categories, one of them without words of its own, and every kind of dirt."""
    settings = SimulationSettings(
        seed=7,
        users=1_500,
        items=300,
        categories=[("All_Beauty", 0.4), ("Software", 0.4), ("Pet_Supplies", 0.2)],
        cross_category_share=0.2,
        mean_reviews=15,
        rereview_share=0.02,
        duplicate_share=0.01,
        tie_share=0.05,
        broken_lines=11,
    )
    folder = tmp_path_factory.mktemp("corpus")
    return read_corpus(settings, folder, simulate(settings, folder, progress=False))
