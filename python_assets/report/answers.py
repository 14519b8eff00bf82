"""The head of the page: for every split what its instruments can show, and one card a persona population."""

from __future__ import annotations

from typing import Any, NamedTuple

from python_assets.report.cases import Assessment, assess, instruments_of, persona_populations, tally
from python_assets.report.data import ReportData, Row
from python_assets.report.draws import in_short
from python_assets.report.formats import count, percent
from python_assets.report.instruments import coverage_floor, instrument_in_words
from python_assets.report.tables import describe
from python_assets.report.verdicts import Case, Verdict

_CSS = {Verdict.YES: "yes", Verdict.PARTLY: "partly", Verdict.NO: "no", Verdict.CANNOT_TELL: "open"}


class Part(NamedTuple):
    """A piece of the coverage scale, in percentage points."""

    name: str
    points: int
    words: str


def answers_context(data: ReportData) -> dict[str, Any]:
    """``split_answers``, ``glance``, ``tally`` and ``n_judged`` for the template."""
    populations = persona_populations(data)
    splits, judged = [], []
    for split in data.splits:
        instruments = instruments_of(data, split)
        cards = []
        for population in populations if instruments else []:
            main, *others = (assess(data, split, population, instrument) for instrument in instruments)
            judged.append(main)
            cards.append(
                {
                    "population": population,
                    "detail": describe(data, population),
                    "main": _view(main, name_instrument=bool(others)),
                    "others": [_view(other, name_instrument=True) for other in others if other.fidelity],
                }
            )
        splits.append(
            {
                "name": split,
                "corpus": _corpus(data, split),
                "instruments": [_instrument(data, split, name) for name in instruments],
                "cards": cards,
                "nothing": "This study has no LLM population, only controls: there is nobody to judge.",
            }
        )
    return {
        "split_answers": splits,
        "tally": tally(judged),
        "n_judged": len(judged),
        "glance": _glance(populations, splits),
    }


def _glance(populations: list[str], splits: list[Row]) -> list[Row]:
    """One row a population with its main view in every split; None where it was not judged."""
    found = {(split["name"], card["population"]): card["main"] for split in splits for card in split["cards"]}
    return [
        {"population": name, "views": [found.get((split["name"], name)) for split in splits]} for name in populations
    ]


def coverage_scale(case: Case) -> list[Part]:
    """Who of 100 real users drawn is reached, and by whose fault the others are missed. Empty when it is not known."""
    if case.coverage is None or case.floor is None:
        return []
    reached, floor = round(100 * case.coverage), round(100 * case.floor)
    best = floor if case.perfect is None else min(round(100 * case.perfect), floor)
    name, cause = (
        ("lost-unknown", "for unknown reasons") if case.perfect is None else ("lost-personas", "by the personas")
    )
    by_personas, by_instrument = max(0, best - reached), max(0, floor - max(best, reached))
    beyond = 100 - max(floor, reached)
    return [
        Part("reached", reached, f"{reached}% of the real users drawn at a time have a persona close by"),
        Part(name, by_personas, f"{by_personas}% are missed {cause}"),
        Part("lost-instrument", by_instrument, f"{by_instrument}% are missed by the instrument"),
        Part("beyond", beyond, f"{beyond}% are missed by other real users too"),
    ]


def _view(assessment: Assessment, *, name_instrument: bool) -> Row:
    verdict = assessment.judgement.verdict
    return {
        "verdict": verdict.value,
        "css": _CSS[verdict],
        "sentence": assessment.judgement.sentence,
        "instrument": assessment.instrument if name_instrument else "",
        "scale": coverage_scale(assessment.case),
        "notes": assessment.notes,
        "reached": percent(assessment.case.coverage),
        "reached_of": in_short(assessment.case.draws) if assessment.case.coverage is not None else "",
    }


def _instrument(data: ReportData, split: str, name: str) -> Row:
    row = next((row for row in data.reliability if row["split"] == split and row["instrument"] == name), None)
    if row is None:
        return {"name": name, "verdict": "unknown", "words": ["It has not been checked in this split."]}
    row = row | {"verdict": row["verdict"] or "unknown"}
    return {
        "name": name,
        "verdict": row["verdict"],
        "words": instrument_in_words(
            row,
            coverage_floor(data, split, name),
            has_perfect=data.has_perfect_rater,
            too_few=data.has_too_few_for_coverage(split, name),
        ),
    }


def _corpus(data: ReportData, split: str) -> str:
    users = next((row for row in data.users if row["split"] == split), None)
    reviews = next((row for row in data.reviews if row["split"] == split), None)
    if users is None or reviews is None:
        return ""
    return (
        f"{count(users['n_users'])} real users, {count(reviews['n_items'])} items, {count(reviews['n_reviews'])} "
        f"reviews; half of the users have at most {count(users['median_train_pairs'])} preference pairs to learn "
        "from."
    )
