"""The answer to the study's question, weighed against what the instrument can show."""

from dataclasses import replace
from pathlib import Path

import pytest

from python_assets.report.cases import _perfect_coverage
from python_assets.report.repeats import REPEATABLE
from python_assets.report.verdicts import FAITHFUL_SHARE, Case, Verdict, judge, shares

FAITHFUL = Case(
    n_personas=500,
    n_unplaceable=0,
    coverage=0.90,
    floor=0.95,
    perfect=0.94,
    ignorant=0.97,
    rank_accuracy=0.88,
    perfect_rank_accuracy=0.97,
    popularity_rank_accuracy=0.70,
    retest=0.7,
    instrument_verdict="faithful",
    fgi={"coverage": 0.05, "mmd": 0.2, "fpd": 0.1, "swd": 0.1},
)


def test_a_population_that_covers_and_agrees_is_faithful() -> None:
    judgement = judge(FAITHFUL)
    assert judgement.verdict is Verdict.YES
    assert "rank accuracy 0.88" in judgement.sentence


def test_under_a_faithful_instrument_the_gap_is_the_personas() -> None:
    judgement = judge(replace(FAITHFUL, coverage=0.08))
    assert judgement.verdict is Verdict.NO
    assert "Of the real users drawn at a time 8% have" in judgement.sentence
    assert "of the gap of 87 points the instrument accounts for 1 and the personas for 86" in judgement.sentence


@pytest.mark.parametrize(
    ("coverage", "perfect", "words"),
    [
        (0.40, 0.40, "all of the gap of 55 points is the instrument's"),
        (0.45, 0.40, "all of the gap of 50 points is the instrument's"),
        (0.40, 0.95, "all of the gap of 55 points is the personas'"),
        (0.40, 0.96, "all of the gap of 55 points is the personas'"),
    ],
)
def test_a_gap_of_one_side_alone_is_said_so(coverage: float, perfect: float, words: str) -> None:
    assert words in judge(replace(FAITHFUL, coverage=coverage, perfect=perfect)).sentence


@pytest.mark.parametrize(
    ("coverage", "verdict"),
    [(0.47, Verdict.NO), (0.48, Verdict.PARTLY), (0.75, Verdict.PARTLY), (0.77, Verdict.YES)],
)
def test_between_half_and_four_fifths_of_the_floor_it_is_partly_faithful(coverage: float, verdict: Verdict) -> None:
    assert judge(replace(FAITHFUL, coverage=coverage)).verdict is verdict


def test_a_compressing_instrument_still_shows_personas_below_perfect_stand_ins() -> None:
    judgement = judge(replace(FAITHFUL, coverage=0.05, perfect=0.36, instrument_verdict="compresses"))
    assert judgement.verdict is Verdict.NO
    assert "the instrument accounts for 59 and the personas for 31" in judgement.sentence


@pytest.mark.parametrize("coverage", [0.33, 0.5])
def test_a_compressing_instrument_cannot_fault_who_scores_like_a_perfect_rater(coverage: float) -> None:
    judgement = judge(replace(FAITHFUL, coverage=coverage, perfect=0.36, instrument_verdict="compresses"))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "cannot show it" in judgement.sentence


@pytest.mark.parametrize("verdict", ["not repeatable", "compresses and not repeatable"])
@pytest.mark.parametrize("coverage", [0.05, 0.94])
def test_an_instrument_that_does_not_repeat_decides_nothing(verdict: str, coverage: float) -> None:
    judgement = judge(replace(FAITHFUL, coverage=coverage, retest=0.02, instrument_verdict=verdict))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "too thin" in judgement.sentence
    assert "0.02" in judgement.sentence


@pytest.mark.parametrize(("start", "thin"), [(None, True), (0.89, True), (0.9, False), (0.98, False)])
def test_users_who_hardly_left_their_start_say_nothing_of_the_corpus(start: float | None, thin: bool) -> None:
    case = replace(FAITHFUL, retest=0.02, init_correlation=start, instrument_verdict="not repeatable")
    sentence = judge(case).sentence
    assert ("too thin" in sentence) is thin
    assert ("hardly left their random start" in sentence) is not thin


def test_without_a_perfect_rater_the_page_says_what_to_add() -> None:
    judgement = judge(replace(FAITHFUL, perfect=None, instrument_verdict="unknown"))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "backend: perfect" in judgement.sentence


@pytest.mark.parametrize(("retest", "said"), [(0.02, True), (0.5, False), (None, False)])
def test_without_a_perfect_rater_it_is_still_said_that_the_instrument_does_not_repeat(
    retest: float | None, said: bool
) -> None:
    judgement = judge(replace(FAITHFUL, perfect=None, retest=retest, instrument_verdict="unknown"))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "no perfect rater" in judgement.sentence
    assert ("nor does the instrument repeat" in judgement.sentence) is said
    assert ("they agree 0.02, where 1 is the same map" in judgement.sentence) is said


@pytest.mark.parametrize("coverage", [0.0, 0.3])
def test_where_other_real_users_cover_nobody_nobody_is_faithful(coverage: float) -> None:
    judgement = judge(replace(FAITHFUL, coverage=coverage, floor=0.0, perfect=0.0))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "other real users are close to none, so that there is nothing to hold this against" in judgement.sentence
    assert "`metrics.users: with_pairs`" in judgement.sentence


def test_an_instrument_that_is_unknown_for_want_of_a_floor_was_trained_again() -> None:
    sentence = judge(replace(FAITHFUL, instrument_verdict="unknown")).sentence
    assert "since the study's perfect rater cannot be held against other real users, as these cover nobody" in sentence
    assert "trained again" not in sentence


def test_without_a_retest_the_page_says_what_to_set() -> None:
    judgement = judge(replace(FAITHFUL, retest=None, instrument_verdict="unknown"))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "retests: 1" in judgement.sentence


def test_coverage_without_agreement_is_not_enough_since_an_ignorant_rater_has_it_too() -> None:
    judgement = judge(replace(FAITHFUL, rank_accuracy=0.72))
    assert judgement.verdict is Verdict.PARTLY
    assert "knowing only what is popular gives 0.70" in judgement.sentence
    assert "random start reach 97% too" in judgement.sentence


@pytest.mark.parametrize(("rank_accuracy", "verdict"), [(0.83, Verdict.PARTLY), (0.84, Verdict.YES)])
def test_half_of_the_way_from_popularity_to_perfect_stand_ins_is_enough(rank_accuracy: float, verdict: Verdict) -> None:
    """From 0.70 to 0.97; no population is asked for more than perfect stand-ins reach."""
    assert judge(replace(FAITHFUL, rank_accuracy=rank_accuracy)).verdict is verdict


@pytest.mark.parametrize(("of_others", "verdict"), [(0.80, Verdict.PARTLY), (0.78, Verdict.YES)])
def test_what_personas_reach_beside_somebody_else_is_chance(of_others: float, verdict: Verdict) -> None:
    """Half of the way from it to 0.97; one that fits any user as well as its own is no stand-in for that user."""
    judgement = judge(replace(FAITHFUL, rank_accuracy_of_others=of_others))
    assert judgement.verdict is verdict
    assert ("holding each against somebody else gives 0.80" in judgement.sentence) == (verdict is Verdict.PARTLY)


def test_personas_without_seed_users_are_only_judged_as_a_crowd() -> None:
    judgement = judge(replace(FAITHFUL, rank_accuracy=None))
    assert judgement.verdict is Verdict.PARTLY
    assert "the crowd only" in judgement.sentence


def test_further_off_than_noise_on_one_metric_is_partly() -> None:
    judgement = judge(replace(FAITHFUL, fgi={"coverage": 0.05, "mmd": 7.4}))
    assert judgement.verdict is Verdict.PARTLY
    assert "MMD" in judgement.sentence


@pytest.mark.parametrize(("fgi", "verdict"), [(0.99, Verdict.YES), (1.0, Verdict.PARTLY)])
def test_noise_itself_counts_as_noise(fgi: float, verdict: Verdict) -> None:
    assert judge(replace(FAITHFUL, fgi={"swd": fgi})).verdict is verdict


def test_a_metric_on_which_perfect_stand_ins_are_off_too_is_not_held_against_personas() -> None:
    assert judge(replace(FAITHFUL, fgi={"mmd": 7.4}, perfect_fgi={"mmd": 5.4})).verdict is Verdict.YES


def test_a_metric_without_an_index_is_not_held_against_personas() -> None:
    assert judge(replace(FAITHFUL, fgi={"swd": None})).verdict is Verdict.YES


def test_constant_raters_are_not_faithful_under_any_instrument() -> None:
    case = Case(500, 500, n_rated=500, n_constant=500, instrument_verdict="compresses and not repeatable")
    judgement = judge(case)
    assert judgement.verdict is Verdict.NO
    assert "500 of 500 personas have no place" in judgement.sentence


def test_unreadable_answers_may_be_the_prompts_fault() -> None:
    judgement = judge(Case(n_personas=500, n_unplaceable=480, n_rated=500, unread_share=0.97))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "97% of the answers" in judgement.sentence


def test_personas_that_were_never_asked_are_not_called_constant() -> None:
    judgement = judge(Case(n_personas=500, n_unplaceable=480, n_rated=20))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "only 20 have been asked at all" in judgement.sentence


def test_personas_without_any_answers_are_not_called_constant() -> None:
    judgement = judge(Case(n_personas=500, n_unplaceable=500))
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert "500 of 500 personas have no place among the real users, and none has been asked yet." in judgement.sentence


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (Case(12, 12, n_rated=12, n_short=12), "users, because they gave fewer than two answers that could be read."),
        (
            Case(12, 12, n_rated=12, pair_gap=2.0),
            "users, because they gave no two answers that differ by the study's `min_gap` of 2.",
        ),
        (
            Case(12, 12, n_rated=10, n_short=4, n_constant=3, pair_gap=0.05),
            "users: 2 were asked nothing, 4 gave fewer than two answers that could be read, 3 rated everything alike, 3 "
            "gave no two answers that differ by the study's `min_gap` of 0.05.",
        ),
    ],
)
def test_personas_with_too_few_or_too_near_answers_are_not_called_constant(case: Case, words: str) -> None:
    judgement = judge(case)
    assert judgement.verdict is Verdict.CANNOT_TELL
    assert judgement.sentence.endswith(words)


def test_mostly_constant_personas_are_not_faithful_and_the_sentence_counts_only_them() -> None:
    judgement = judge(Case(n_personas=500, n_unplaceable=480, n_rated=500, n_constant=470))
    assert judgement.verdict is Verdict.NO
    assert "470 of them because they rate everything alike" in judgement.sentence


@pytest.mark.parametrize(("unplaced", "verdict"), [(250, Verdict.NO), (249, Verdict.YES)])
def test_from_half_on_those_without_a_place_decide(unplaced: int, verdict: Verdict) -> None:
    case = replace(FAITHFUL, n_unplaceable=unplaced, n_rated=500, n_constant=unplaced)
    assert judge(case).verdict is verdict


def test_nothing_measured_is_said() -> None:
    assert judge(Case(n_personas=0, n_unplaceable=0)).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("placed", "words"),
    [
        (1, "Only one persona has a place, and a coverage takes 7 (two more than `metrics.neighbours`)."),
        (6, "Only 6 personas have a place, and a coverage takes 7 (two more than `metrics.neighbours`)."),
        (7, "The population has no coverage score, or there was no real floor to hold it against."),
    ],
)
def test_too_few_places_for_a_coverage_are_counted(placed: int, words: str) -> None:
    assert judge(Case(n_personas=placed, n_unplaceable=0, floor=0.9, least=7)).sentence == words


def test_the_two_shares_add_up_to_the_gap_as_it_is_printed() -> None:
    case = replace(FAITHFUL, floor=0.954, perfect=0.355, coverage=0.046)
    assert sum(shares(case)) == 95 - 5


@pytest.mark.parametrize(("protocol", "perfect"), [(-0.7, 0.0), (-0.2, 0.4), (0.5, 1.0)])
def test_the_coverage_of_perfect_stand_ins_at_a_populations_size_stays_a_share(protocol: float, perfect: float) -> None:
    assert _perfect_coverage({"floor": 0.6, "protocol": protocol}, {}) == pytest.approx(perfect)


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        (0.0, "Of the real users drawn at a time none has"),
        (0.004, "Of the real users drawn at a time less than 1% have"),
        (0.005, "Of the real users drawn at a time less than 1% have"),
        (0.01, "Of the real users drawn at a time 1% have"),
    ],
)
def test_a_coverage_that_is_not_zero_is_not_called_so(coverage: float, words: str) -> None:
    assert judge(replace(FAITHFUL, coverage=coverage)).sentence.startswith(words)


def test_the_words_follow_the_shares_that_the_warehouse_judges_instruments_by() -> None:
    model = (Path(__file__).parents[2] / "models" / "results" / "instrument_reliability.sql").read_text()
    assert f"perfect_rater_coverage < {FAITHFUL_SHARE} * controls.floor_coverage then 'compresses'" in model
    assert f"retest_user_cosine < {REPEATABLE} then 'not repeatable'" in model
