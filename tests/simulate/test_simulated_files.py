"""The files: keys, counts, dirt, and the same bytes every time."""

from __future__ import annotations

import json
from collections import Counter

import pyarrow.parquet as pq

from python_assets.simulate import SimulationSettings, simulate
from tests.simulate.conftest import Corpus, is_review

REVIEW_KEYS = {
    "rating", "title", "text", "images", "asin", "parent_asin", "user_id", "timestamp", "helpful_vote",
    "verified_purchase",
}  # fmt: skip
ITEM_KEYS = {
    "main_category", "title", "average_rating", "rating_number", "features", "description", "price", "images", "videos",
    "store", "categories", "details", "parent_asin", "bought_together",
}  # fmt: skip


def test_reviews_and_items_have_the_keys_of_the_corpus(corpus: Corpus) -> None:
    assert all(set(review) == REVIEW_KEYS for review in corpus.reviews)
    assert all(set(item) == ITEM_KEYS for items in corpus.items.values() for item in items)
    assert all(review["rating"] in (1.0, 2.0, 3.0, 4.0, 5.0) for review in corpus.reviews)
    assert all(len(review["user_id"]) == 28 and len(review["parent_asin"]) == 10 for review in corpus.reviews)


def test_every_reviewed_item_has_metadata_in_its_own_category(corpus: Corpus) -> None:
    for name, lines in corpus.lines.items():
        known = {item["parent_asin"] for item in corpus.items[name]}
        assert {json.loads(line)["parent_asin"] for line in lines if is_review(line)} <= known


def test_counts_equal_the_report(corpus: Corpus) -> None:
    report, good = corpus.report, [line for lines in corpus.lines.values() for line in lines if is_review(line)]
    assert {name: len(lines) for name, lines in corpus.lines.items()} == report.lines
    assert sum(report.lines.values()) == report.reviews + report.duplicates + report.broken_lines
    assert sum(report.lines.values()) - len(good) == report.broken_lines == corpus.settings.broken_lines
    assert len(corpus.reviews) == report.reviews == sum(report.stars)
    assert len(good) - len(corpus.reviews) == report.duplicates > 0
    assert len({review["user_id"] for review in corpus.reviews}) == report.users == corpus.settings.users
    assert sum(map(len, corpus.items.values())) == report.items == corpus.settings.items
    stars = Counter(review["rating"] for review in corpus.reviews)
    assert tuple(stars[star] for star in range(1, 6)) == report.stars


def test_rereviews_come_later_and_are_counted(corpus: Corpus) -> None:
    times: dict[tuple[str, str], list[int]] = {}
    for review in corpus.reviews:
        times.setdefault((review["user_id"], review["parent_asin"]), []).append(review["timestamp"])
    twice = [stamps for stamps in times.values() if len(stamps) > 1]
    assert len(corpus.reviews) - len(times) == len(twice) == corpus.report.rereviews
    assert abs(len(twice) / len(times) - corpus.settings.rereview_share) < 0.005
    assert all(abs(first - second) >= 12 * 3_600_000 for first, second in twice)


def test_ties_are_counted(corpus: Corpus) -> None:
    moments = Counter((review["user_id"], review["timestamp"]) for review in corpus.reviews)
    assert sum(count - 1 for count in moments.values()) == corpus.report.tied
    assert abs(corpus.report.tied / corpus.report.reviews - corpus.settings.tie_share) < 0.01


def test_item_ratings_are_those_of_the_reviews(corpus: Corpus) -> None:
    counts = Counter(review["parent_asin"] for review in corpus.reviews)
    for items in corpus.items.values():
        assert all(item["rating_number"] == counts[item["parent_asin"]] for item in items)
    item = corpus.items["Software"][0]
    ratings = [review["rating"] for review in corpus.reviews if review["parent_asin"] == item["parent_asin"]]
    assert abs(item["average_rating"] - sum(ratings) / len(ratings)) <= 0.0501


def test_broken_lines_are_of_all_five_sorts_in_all_files(corpus: Corpus) -> None:
    bad = {name: [line for line in lines if not is_review(line)] for name, lines in corpus.lines.items()}
    assert all(bad.values())
    reasons: Counter[str] = Counter()
    for line in (line for lines in bad.values() for line in lines):
        try:
            review = json.loads(line)
            reasons["no user" if "user_id" not in review else f"rating {review['rating']}"] += 1
        except UnicodeDecodeError:
            reasons["not utf-8"] += 1
        except json.JSONDecodeError:
            reasons["cut" if line.startswith(b"{") else "no json"] += 1
    assert reasons == {"cut": 3, "no json": 2, "rating five": 2, "no user": 2, "not utf-8": 2}


def test_same_settings_same_bytes_other_seed_other_reviews(tmp_path) -> None:
    settings = SimulationSettings(users=120, items=60, broken_lines=3, mean_reviews=8)
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        simulate(settings.model_copy(update={"seed": seed}), tmp_path / name, progress=False)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
        assert (tmp_path / "one" / file).read_bytes() != (tmp_path / "other" / file).read_bytes()


def test_planted_truth_covers_all_users_and_items(corpus: Corpus) -> None:
    users = pq.read_table(corpus.folder / "planted_users.parquet").to_pylist()
    assert {user["user_id"] for user in users} == {review["user_id"] for review in corpus.reviews}
    rated = corpus.first_ratings()
    assert all(user["n_items"] == len(rated[user["user_id"]]) for user in users)
    assert sum(len(user["categories"]) > 1 for user in users) == corpus.report.cross_category_users
    items = pq.read_table(corpus.folder / "planted_items.parquet").column("item_id").to_pylist()
    assert items == [item["parent_asin"] for category in corpus.items.values() for item in category]
