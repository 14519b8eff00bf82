"""Is this population a faithful stand-in? One verdict and one sentence, weighed against what the instrument can show.

A population is never judged alone: its coverage stands beside that of other real users (the floor), of perfect
stand-ins (raters that answer exactly as their real user would) and of ignorant ones (left at a random start), all
under the same instrument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from python_assets.report.draws import Draws, reached_by_personas
from python_assets.report.formats import count, decimal, percent
from python_assets.report.names import FGI_METRICS, METRICS
from python_assets.report.repeats import does_not_repeat, left_at_the_start, why_no_retest

# The share of the floor that results.instrument_reliability asks of a perfect rater.
FAITHFUL_SHARE = 0.8
PARTLY_SHARE = 0.5
# Of the way from chance (from knowing popularity alone, or from standing for somebody else) to a perfect rater's rank accuracy.
ITEM_LEVEL_SHARE = 0.5
UNPLACED_TOO_MANY = 0.5


class Verdict(StrEnum):
    """The answer, in the words the page prints."""

    YES = "Yes"
    PARTLY = "Partly"
    NO = "No"
    CANNOT_TELL = "Cannot tell"


@dataclass(frozen=True)
class Case:
    """One population in one split under one instrument, with what it is compared with. None is unknown.

    Attributes:
        n_rated: Personas that were asked anything.
        n_short: Personas that were asked, but gave fewer than two answers that could be read.
        n_constant: Personas that gave two answers or more, all of them the same.
        rank_accuracy_of_others: That of the personas where each is held against another one's seed user.
        has_perfect: Whether the study names a perfect rater.
        too_few_for_perfect: Whether that rater has a place, but there are too few users or stand-ins for a coverage.
        least: Personas with a place that a coverage takes.
        pair_gap: Least difference of two answers that says what a persona prefers.
        n_seeds: Trainings of the encoder, under one seed each.
        draws: Of whom the coverages are shares.
    """

    n_personas: int
    n_unplaceable: int
    n_rated: int = 0
    n_short: int = 0
    n_constant: int = 0
    pair_gap: float | None = None
    unread_share: float = 0.0
    coverage: float | None = None
    floor: float | None = None
    perfect: float | None = None
    has_perfect: bool = False
    too_few_for_perfect: bool = False
    least: int | None = None
    ignorant: float | None = None
    rank_accuracy: float | None = None
    rank_accuracy_of_others: float | None = None
    perfect_rank_accuracy: float | None = None
    popularity_rank_accuracy: float | None = None
    retest: float | None = None
    n_seeds: int | None = None
    init_correlation: float | None = None
    instrument_verdict: str = "unknown"
    fgi: Mapping[str, float | None] = field(default_factory=dict)
    perfect_fgi: Mapping[str, float | None] = field(default_factory=dict)
    draws: Draws = field(default_factory=Draws)


@dataclass(frozen=True)
class Judgement:
    """A verdict with its one sentence."""

    verdict: Verdict
    sentence: str


def judge(case: Case) -> Judgement:
    """Weigh one case."""
    judgement = _judge(case)
    return Judgement(judgement.verdict, judgement.sentence[:1].upper() + judgement.sentence[1:])


def _judge(case: Case) -> Judgement:
    if case.n_personas == 0:
        return Judgement(Verdict.CANNOT_TELL, "no persona of this population has been measured in this split yet.")
    if case.n_unplaceable >= case.n_personas * UNPLACED_TOO_MANY and case.n_unplaceable > 0:
        return _mostly_unplaced(case)
    if case.coverage is None or case.floor is None:
        return Judgement(Verdict.CANNOT_TELL, _not_covering(case))
    if case.floor == 0:
        return Judgement(Verdict.CANNOT_TELL, _without_floor(case))
    if "not repeatable" in case.instrument_verdict:
        return Judgement(Verdict.CANNOT_TELL, _not_repeatable(case))
    if case.perfect is None or case.instrument_verdict not in ("faithful", "compresses"):
        return Judgement(Verdict.CANNOT_TELL, _unchecked(case))
    if case.instrument_verdict == "compresses":
        return _compressed(case)
    return _seen_clearly(case)


def _not_covering(case: Case) -> str:
    n_placed = case.n_personas - case.n_unplaceable
    if case.coverage is None and case.least is not None and n_placed < case.least:
        who = "only one persona has" if n_placed == 1 else f"only {count(n_placed)} personas have"
        return f"{who} a place, and a coverage takes {count(case.least)} (two more than `metrics.neighbours`)."
    return "the population has no coverage score, or there was no real floor to hold it against."


def _without_floor(case: Case) -> str:
    return (
        f"{reached_by_personas(case.coverage or 0.0, case.draws)}, and other real users are close to none, so that there is "
        "nothing to hold this against: nobody is close to users who share one place (`metrics.users: with_pairs` leaves out "
        "those without a training pair)."
    )


def shares(case: Case) -> tuple[int, int]:
    """Percentage points of the coverage gap: the instrument's, the personas'. They add up to the gap as printed."""
    floor, perfect, reached = (round(100 * (value or 0.0)) for value in (case.floor, case.perfect, case.coverage))
    return floor - perfect, perfect - reached


def _whose_gap(case: Case) -> str:
    instrument, personas = shares(case)
    gap = instrument + personas
    if gap <= 0:
        return "there is no gap to explain"
    if personas <= 0:
        return f"all of the gap of {gap} points is the instrument's"
    if instrument <= 0:
        return f"all of the gap of {gap} points is the personas'"
    return f"of the gap of {gap} points the instrument accounts for {instrument} and the personas for {personas}"


def _levels(case: Case) -> str:
    levels = (
        (case.floor, "other real users"),
        (case.perfect, "perfect stand-ins"),
        (case.ignorant, f"ignorant stand-ins{_of_another_size(case.draws)}"),
    )
    compared = [f"{percent(share)} with {who}" for share, who in levels if share is not None]
    listed = f"{', '.join(compared[:-1])} and {compared[-1]}" if len(compared) > 1 else compared[0]
    return f"{reached_by_personas(case.coverage or 0.0, case.draws)}, against {listed}"


def _of_another_size(draws: Draws) -> str:
    """Ignorant stand-ins are drawn at the full size only."""
    other = draws.ignorant_n not in (None, draws.n)
    return f" (of {count(draws.ignorant_n)} real users drawn)" if other else ""


def _mostly_unplaced(case: Case) -> Judgement:
    who = f"{count(case.n_unplaceable)} of {count(case.n_personas)} personas have no place among the real users"
    if case.n_rated <= case.n_personas * (1 - UNPLACED_TOO_MANY):
        asked = f"only {count(case.n_rated)} have been asked at all" if case.n_rated else "none has been asked yet"
        return Judgement(Verdict.CANNOT_TELL, f"{who}, and {asked}.")
    if case.unread_share >= UNPLACED_TOO_MANY:
        cause = (
            f"{percent(case.unread_share)} of the answers could not be read as a rating, so the fault may be the "
            "prompt, not the personas."
        )
        return Judgement(Verdict.CANNOT_TELL, f"{who}: {cause}")
    if case.n_constant >= case.n_unplaceable:
        return Judgement(Verdict.NO, f"{who}, because they rate everything alike and so prefer nothing to anything.")
    if case.n_constant >= case.n_personas * UNPLACED_TOO_MANY:
        return Judgement(Verdict.NO, f"{who}, {count(case.n_constant)} of them because they rate everything alike.")
    return Judgement(Verdict.CANNOT_TELL, f"{who}{why_unplaced(case)}.")


def why_unplaced(case: Case) -> str:
    """What goes on after "have no place": the reason, or every reason with its number of personas."""
    gap = f" of {case.pair_gap:g}" if case.pair_gap is not None else ""
    known = (
        (max(0, case.n_personas - case.n_rated), "were asked nothing"),
        (case.n_short, "gave fewer than two answers that could be read"),
        (case.n_constant, "rated everything alike"),
    )
    rest = max(0, case.n_unplaceable - sum(n for n, _ in known))
    too_near = f"gave no two answers that differ by the study's `min_gap`{gap}"
    reasons = [(n, why) for n, why in (*known, (rest, too_near)) if n]
    if len(reasons) == 1:
        return f", because they {reasons[0][1]}"
    return ": " + ", ".join(f"{count(n)} {why}" for n, why in reasons)


def _not_repeatable(case: Case) -> str:
    agreement = (
        f"they agree {decimal(case.retest, 2)}, where 1 is the same map" if case.retest is not None else "they disagree"
    )
    return (
        f"{_why_not_repeatable(case)}: two encoders that differ only in their seed put the same real users in different "
        f"places ({agreement}); for the record, {_levels(case)}."
    )


def _why_not_repeatable(case: Case) -> str:
    if left_at_the_start(case.init_correlation):
        return (
            "the users hardly left their random start (their final mixtures correlate "
            f"{decimal(case.init_correlation, 2)} with it), of which the settings are the cause as likely as the corpus"
        )
    return "the corpus is too thin for this instrument"


def _unchecked(case: Case) -> str:
    return f"{_levels(case)}, but nobody knows how much of that is the instrument, since {_what_is_missing(case)}{_nor_repeats(case)}."


def _nor_repeats(case: Case) -> str:
    if not does_not_repeat(case.instrument_verdict, case.retest):
        return ""
    return (
        "; nor does the instrument repeat, because two encoders that differ only in their seed put the same real users "
        f"in different places (they agree {decimal(case.retest, 2)}, where 1 is the same map)"
    )


def _what_is_missing(case: Case) -> str:
    if case.perfect is not None and case.retest is not None:
        return "the study's perfect rater cannot be held against other real users, as these cover nobody or one of the two has no score"
    if case.perfect is not None:
        return f"the encoder {why_no_retest(case.n_seeds)}"
    if case.too_few_for_perfect:
        return "there are too few users in this split, or stand-ins, for a coverage of the study's perfect rater"
    if case.has_perfect:
        return "the study's perfect rater has no place in this split"
    return "the study has no perfect rater (add a control population with `backend: perfect`)"


def _compressed(case: Case) -> Judgement:
    if (case.coverage or 0.0) >= FAITHFUL_SHARE * (case.perfect or 0.0):
        tail = "so whatever these personas lack, this instrument cannot show it"
        return Judgement(Verdict.CANNOT_TELL, f"{_levels(case)}; {_whose_gap(case)}, {tail}.")
    return Judgement(Verdict.NO, f"{_levels(case)}; {_whose_gap(case)}.")


def _seen_clearly(case: Case) -> Judgement:
    coverage, floor = case.coverage or 0.0, case.floor or 0.0
    levels = f"{_levels(case)}; "
    if coverage < PARTLY_SHARE * floor:
        return Judgement(Verdict.NO, f"{levels}{_whose_gap(case)}.")
    if coverage < FAITHFUL_SHARE * floor:
        return Judgement(Verdict.PARTLY, f"{levels}{_whose_gap(case)}.")
    if noisy := [METRICS[m].label for m in FGI_METRICS if _worse_than_noise(case, m)]:
        tail = f"but by {' and '.join(noisy)} the population as a whole is further off than noise"
        return Judgement(Verdict.PARTLY, f"{levels}{tail}.")
    if (doubt := _item_level_doubt(case)) is not None:
        return Judgement(Verdict.PARTLY, f"{levels}{doubt}.")
    agreement = f", and they order items as their seed users do (rank accuracy {decimal(case.rank_accuracy, 2)})"
    return Judgement(Verdict.YES, f"as far as these measures can show: {_levels(case)}{agreement}.")


def _worse_than_noise(case: Case, metric: str) -> bool:
    own, perfect = case.fgi.get(metric), case.perfect_fgi.get(metric)
    return own is not None and own >= 1 and not (perfect is not None and perfect >= 1)


def _item_level_doubt(case: Case) -> str | None:
    random_too = (
        f"; stand-ins left at a random start reach {percent(case.ignorant)} too{_of_another_size(case.draws)}"
        if case.ignorant is not None and case.floor is not None and case.ignorant >= FAITHFUL_SHARE * case.floor
        else ""
    )
    if case.rank_accuracy is None:
        return f"but that is the crowd only, since no persona can be held against a seed user{random_too}"
    # Users agree on much, so that whoever knows what all like, and nothing of its own user, is far above a coin.
    chance, baseline = max(
        (0.5, "coin tosses"),
        (case.popularity_rank_accuracy or 0.0, "knowing only what is popular"),
        (case.rank_accuracy_of_others or 0.0, "holding each against somebody else"),
    )
    best = case.perfect_rank_accuracy or 1.0
    if case.rank_accuracy < chance + ITEM_LEVEL_SHARE * max(best - chance, 0.0):
        own = (
            f"rank accuracy {decimal(case.rank_accuracy, 2)}, where {baseline} gives {decimal(chance, 2)} and "
            f"perfect stand-ins {decimal(best, 2)}"
        )
        return f"but person by person they hardly order items as their seed users do ({own}){random_too}"
    return None
