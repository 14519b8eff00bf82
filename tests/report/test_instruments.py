"""What is said of an instrument follows from what was measured of it."""

from __future__ import annotations

import pytest

from python_assets.report.instruments import instrument_in_words

ROW = {
    "verdict": "unknown",
    "n_seeds": 1,
    "floor_coverage": None,
    "perfect_rater_coverage": 0.22,
    "retest_user_cosine": None,
    "ignorant_rater_coverage": 0.97,
    "init_correlation": None,
}


@pytest.mark.parametrize(
    ("perfect", "floor", "words"),
    [
        (
            0.22,
            0.97,
            "It compresses: stand-ins that answer exactly as their real user would cover 22% of the real users drawn at "
            "a time, other real users 97%.",
        ),
        (0.78, 0.97, "other real users 97%: it can show a faithful population as one."),
        (
            0.22,
            None,
            "Stand-ins that answer exactly as their real user would cover 22% of the real users drawn at a time.",
        ),
    ],
)
def test_without_a_retest_it_is_still_said_whether_it_compresses(
    perfect: float, floor: float | None, words: str
) -> None:
    said = " ".join(instrument_in_words(ROW | {"perfect_rater_coverage": perfect}, floor, has_perfect=True))
    assert words in said
    assert ("it can show" in said) == (perfect == 0.78)
    assert "not trained again under another seed" in said


@pytest.mark.parametrize(
    ("n_seeds", "said"), [(1, "not trained again"), (2, "was trained again"), (None, "not trained again")]
)
def test_without_a_retest_it_is_said_why(n_seeds: int | None, said: str) -> None:
    words = " ".join(instrument_in_words(ROW | {"n_seeds": n_seeds}, 0.97, has_perfect=True))
    assert said in words
    assert ("`retrain_after: 0`" in words) == (n_seeds == 2)


def test_a_retest_that_finds_all_users_alike_is_not_put_down_to_few_users_alone() -> None:
    words = " ".join(instrument_in_words(ROW | {"n_seeds": 2}, 0.97, has_perfect=True))
    assert "folded in since), or all of them lie at one place (as with `prototypes: 1`), so nobody knows" in words


@pytest.mark.parametrize(("retest", "said"), [(0.02, True), (0.5, False)])
def test_without_a_perfect_rater_it_is_still_said_whether_it_repeats(retest: float, said: bool) -> None:
    row = ROW | {"perfect_rater_coverage": None, "retest_user_cosine": retest}
    words = " ".join(instrument_in_words(row, 0.97, has_perfect=True, too_few=True))
    assert ("It does not repeat: trained again under another seed it agrees with itself by 0.02" in words) is said


def test_the_verdict_counts_where_there_is_one() -> None:
    row = ROW | {"verdict": "faithful", "retest_user_cosine": 0.9}
    assert "it can show a faithful population" in instrument_in_words(row, 0.97, has_perfect=True)[0]


def test_the_perfect_rater_stands_beside_the_floor_of_its_own_size() -> None:
    row = ROW | {"verdict": "faithful", "floor_coverage": 0.81, "perfect_rater_coverage": 0.78}
    words = " ".join(instrument_in_words(row, 0.97, has_perfect=True))
    assert "cover 78% of the real users drawn at a time, other real users 81%: it can show" in words


@pytest.mark.parametrize("perfect", [0.0, 0.3])
def test_where_other_real_users_cover_nobody_nothing_is_shown(perfect: float) -> None:
    row = ROW | {"floor_coverage": 0.0, "perfect_rater_coverage": perfect, "ignorant_rater_coverage": 0.0}
    words = " ".join(instrument_in_words(row, 0.0, has_perfect=True))
    assert "other real users 0%." in words
    assert "it can show" not in words
    assert "never proves" not in words


@pytest.mark.parametrize(("ignorant", "said"), [(0.8, True), (0.75, False), (None, False)])
def test_what_a_random_start_covers_is_said_where_it_is_much(ignorant: float | None, said: bool) -> None:
    words = " ".join(instrument_in_words(ROW | {"ignorant_rater_coverage": ignorant}, 0.97, has_perfect=True))
    assert ("left at a random start cover 80%, so coverage alone" in words) is said


@pytest.mark.parametrize(("start", "few"), [(None, True), (0.89, True), (0.9, False)])
def test_users_who_hardly_left_their_start_are_not_called_too_few_reviews(start: float | None, few: bool) -> None:
    row = ROW | {"retest_user_cosine": 0.02, "init_correlation": start}
    words = " ".join(instrument_in_words(row, 0.97, has_perfect=True))
    assert ("There are too few reviews" in words) is few
    assert ("`mixture_init: zero`" in words) is not few
