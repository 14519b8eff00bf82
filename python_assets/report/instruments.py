"""What an instrument can be trusted with, in words."""

from __future__ import annotations

from python_assets.report.data import ReportData, Row
from python_assets.report.formats import decimal, percent
from python_assets.report.repeats import does_not_repeat, left_at_the_start, why_no_retest
from python_assets.report.verdicts import FAITHFUL_SHARE


def instrument_in_words(row: Row, floor: float | None, *, has_perfect: bool, too_few: bool = False) -> list[str]:
    """Two or three sentences about a row of ``results.instrument_reliability``.

    Args:
        row: The row.
        floor: Coverage of other real users in the same split and instrument, as many as there are. Beside the perfect
            rater stands the row's own floor: as many users as it has stand-ins.
        has_perfect: Whether the study names a perfect rater.
        too_few: Whether that rater has a place, but there are too few users or stand-ins for a coverage.
    """
    return [*_faithfulness(row, floor, has_perfect, too_few), *_repeatability(row), *_ignorance(row, floor)]


def _faithfulness(row: Row, floor: float | None, has_perfect: bool, too_few: bool) -> list[str]:
    perfect = row["perfect_rater_coverage"]
    if perfect is None:
        return [
            f"{_why_no_perfect_coverage(has_perfect, too_few)}, so nobody knows how good a score this instrument can give at all."
        ]
    floor = row["floor_coverage"] if row["floor_coverage"] is not None else floor
    against = f", other real users {percent(floor)}" if floor is not None else ""
    # Without a retest the verdict is unknown, but not whether it compresses.
    by_numbers = row["verdict"] == "unknown" and floor is not None and perfect < FAITHFUL_SHARE * floor
    if "compresses" in row["verdict"] or by_numbers:
        return [
            "It compresses: stand-ins that answer exactly as their real user would cover "
            f"{percent(perfect)} of the real users drawn at a time{against}. A low score is at least partly the instrument's."
        ]
    shown = ": it can show a faithful population as one" if floor else ""
    return [
        f"Stand-ins that answer exactly as their real user would cover {percent(perfect)} of the real users drawn at a "
        f"time{against}{shown}."
    ]


def _why_no_perfect_coverage(has_perfect: bool, too_few: bool) -> str:
    if too_few:
        return "There are too few users in this split, or stand-ins, for a coverage of the study's perfect rater"
    if has_perfect:
        return "The study's perfect rater has no place in this split (nobody there has enough reviews, or it has not been scored)"
    return "There is no perfect rater in the study"


def _repeatability(row: Row) -> list[str]:
    retest = row["retest_user_cosine"]
    if retest is None:
        return [f"It {why_no_retest(row['n_seeds'])}, so nobody knows how much of its map is chance."]
    if does_not_repeat(row["verdict"], retest):
        return [
            f"It does not repeat: trained again under another seed it agrees with itself by {decimal(retest, 2)} (1 "
            f"is the same map, 0 none). {_why_not(row['init_correlation'])}"
        ]
    return [f"Trained again under another seed it agrees with itself by {decimal(retest, 2)} (1 is the same map)."]


def _why_not(start: float | None) -> str:
    chance = f"The users' final mixtures correlate {decimal(start, 2)} with their random start"
    if left_at_the_start(start):
        return (
            f"{chance}, which they hardly left: the settings are the cause as likely as the corpus. Start the mixtures at "
            "zero (`mixture_init: zero`), raise their rate (`mixture_lr`), or train for more epochs (`max_epochs`)."
        )
    few = "There are too few reviews for it to tell these users apart."
    return few if start is None else f"{few} {chance}."


def _ignorance(row: Row, floor: float | None) -> list[str]:
    ignorant = row["ignorant_rater_coverage"]
    if ignorant is None or not floor or ignorant < FAITHFUL_SHARE * floor:
        return []
    return [
        f"Stand-ins left at a random start cover {percent(ignorant)}, so coverage alone never proves a population real."
    ]


def coverage_floor(data: ReportData, split: str, instrument: str) -> float | None:
    """Coverage of other real users; None when it was not scored."""
    own = [r for r in data.metrics if (r["split"], r["instrument"], r["metric"]) == (split, instrument, "coverage")]
    real = next((r["value"] for r in own if r["population"] == "real_subsample"), None)
    anchors = [
        r["floor_value"]
        for r in data.fgi
        if (r["split"], r["instrument"], r["metric"], r["anchor"]) == (split, instrument, "coverage", "paper")
        and r["floor_value"] is not None
    ]
    return real if real is not None else max(anchors, default=None)
