"""The words: readable, complete, different, and in agreement with the rating."""

from __future__ import annotations

import json
import re
from collections import defaultdict

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from python_assets.simulate import SimulationSettings, metadata
from python_assets.simulate.blocks import draw_world
from python_assets.simulate.vocabulary import STYLES
from python_assets.simulate.words import KNOWN, words_of
from tests.simulate.conftest import Corpus

PRAISE = {
    "love",
    "perfect",
    "excellent",
    "wonderful",
    "best",
    "happier",
    "good",
    "happy",
    "nice",
    "solid",
    "well",
    "enjoy",
}
BLAME = {
    "regret",
    "worst",
    "terrible",
    "disappointed",
    "disappointing",
    "waste",
    "awful",
    "poor",
    "badly",
    "back",
    "weak",
}


@pytest.mark.parametrize("category", [*KNOWN, "Garden_Tools"])
def test_every_category_has_words_for_every_style(category: str) -> None:
    words = words_of(category)
    assert tuple(words.styles) == STYLES
    assert {len(family.kinds) for family in words.families} == {5}
    assert words.main_category == category.replace("_", " ")
    for style in words.styles.values():
        assert all("{kind}" in lead for lead in style.leads)


def test_titles_are_unique_and_no_slot_is_left_open(corpus: Corpus) -> None:
    for items in corpus.items.values():
        assert len({item["title"] for item in items}) == len(items)
        for item in items:
            written = " ".join([item["title"], *item["features"], *item["description"]])
            assert "{" not in written
            assert "  " not in written
            assert 2 <= item["description"][0].count(".") <= 4
    assert not any("{" in review["title"] + review["text"] for review in corpus.reviews)


def test_titles_stay_unique_when_words_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "TITLE_FORMS", ("{adjective} {kind}",))
    world = draw_world(SimulationSettings(items=2_000, categories=[("Software", 1.0)], cross_category_share=0))
    titles = [json.loads(line)["title"] for line in metadata.metadata_lines(world, 0, np.zeros(2_000), np.zeros(2_000))]
    assert len(set(titles)) == 2_000
    assert sum(title.endswith("(No. 2)") for title in titles) > 100


def test_more_stars_mean_more_praise_and_less_blame(corpus: Corpus) -> None:
    tone: dict[float, list[int]] = defaultdict(list)
    for review in corpus.reviews:
        words = set(re.findall(r"\w+", f"{review['title']} {review['text']}".lower()))
        tone[review["rating"]].append(bool(words & PRAISE) - bool(words & BLAME))
    one, two, three, four, five = (float(np.mean(tone[star])) for star in (1.0, 2.0, 3.0, 4.0, 5.0))
    assert max(one, two) < -0.5
    assert -0.3 < three < 0.3
    assert min(four, five) > 0.6


def test_review_names_the_kind_and_often_the_style(corpus: Corpus) -> None:
    kind = {item["parent_asin"]: item["categories"][-1].lower() for items in corpus.items.values() for item in items}
    assert np.mean([kind[review["parent_asin"]] in review["text"] for review in corpus.reviews]) > 0.8
    looks = [look for name in corpus.items for style in words_of(name).styles.values() for look in style.looks]
    assert np.mean([any(look in review["text"] for look in looks) for review in corpus.reviews]) > 0.3


def test_style_can_be_read_from_an_item_text(corpus: Corpus) -> None:
    styles = pq.read_table(corpus.folder / "planted_items.parquet").column("primary_style").to_pylist()
    texts = [" ".join([item["title"], *item["description"]]) for items in corpus.items.values() for item in items]
    features = TfidfVectorizer(min_df=2).fit_transform(texts)
    accuracy = cross_val_score(LogisticRegression(C=30, max_iter=500), features, styles, cv=3).mean()
    assert accuracy > 0.8
