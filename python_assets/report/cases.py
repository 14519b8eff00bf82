"""From the results tables to one judged case for every persona population, split and instrument."""

from __future__ import annotations

from dataclasses import dataclass

from python_assets.report.data import ReportData, Row
from python_assets.report.draws import Draws
from python_assets.report.formats import count, percent
from python_assets.report.names import FGI_METRICS, METRICS
from python_assets.report.raters import answers_in_words, is_nearly_constant, unread_share
from python_assets.report.verdicts import Case, Judgement, Verdict, judge, why_unplaced

MANY_UNPLACED = 0.05
FEW_PERSONAS = 50


@dataclass(frozen=True)
class Assessment:
    """A judged case with what the page prints beside it."""

    split: str
    population: str
    instrument: str
    case: Case
    judgement: Judgement
    notes: list[str]
    fidelity: Row


def persona_populations(data: ReportData) -> list[str]:
    """Populations that are judged: all but the controls."""
    measured = {row["population"] for row in data.fidelity if row["source"] == "persona"}
    named = {name for name, row in data.populations.items() if row["condition"] != "control"}
    order = data.study_order
    return sorted(measured | named, key=lambda name: (order.index(name) if name in order else len(order), name))


def instruments_of(data: ReportData, split: str) -> list[str]:
    """A split's instruments, the most trustworthy first: one that passes its checks, then the study's order."""
    verdicts = {row["instrument"]: row["verdict"] for row in data.reliability if row["split"] == split}
    return sorted(data.instrument_names, key=lambda name: verdicts.get(name) != "faithful")


def assess(data: ReportData, split: str, population: str, instrument: str) -> Assessment:
    """Gather one case and judge it."""
    key = {"split": split, "instrument": instrument}
    fidelity = _one(data.fidelity, population=population, **key)
    placed = _one(data.placed, population=population, **key)
    reliability = _one(data.reliability, **key)
    perfect, popularity = (_largest(data.fidelity, backend=backend, **key) for backend in ("perfect", "popularity"))
    answers = _one(data.answers, population=population, split=split, instrument=instrument) or _one(
        data.answers, population=population, split=split, instrument="*"
    )
    anchor = _one(data.fgi, population=population, metric="coverage", anchor="paper", **key)
    gap = _one(data.gaps, population=population, metric="coverage", **key)
    floor = gap.get("floor") if gap else anchor.get("floor_value")
    case = Case(
        n_personas=fidelity.get("n_personas") or placed.get("n_personas") or 0,
        n_unplaceable=fidelity.get("n_unplaceable") or placed.get("n_unplaceable") or 0,
        n_rated=answers.get("n_personas") or 0,
        n_short=answers.get("n_short") or 0,
        n_constant=answers.get("n_constant") or 0,
        pair_gap=data.populations.get(population, {}).get("pair_gap"),
        unread_share=unread_share(answers) if answers else 0.0,
        coverage=fidelity.get("coverage"),
        floor=floor,
        perfect=_perfect_coverage(gap, reliability),
        has_perfect=data.has_perfect_rater,
        too_few_for_perfect=data.has_too_few_for_coverage(split, instrument),
        least=_least(data),
        ignorant=reliability.get("ignorant_rater_coverage"),
        rank_accuracy=fidelity.get("rank_accuracy"),
        rank_accuracy_of_others=fidelity.get("rank_accuracy_of_others"),
        perfect_rank_accuracy=perfect.get("rank_accuracy"),
        popularity_rank_accuracy=popularity.get("rank_accuracy"),
        retest=reliability.get("retest_user_cosine"),
        n_seeds=reliability.get("n_seeds"),
        init_correlation=reliability.get("init_correlation"),
        instrument_verdict=reliability.get("verdict") or "unknown",
        fgi={metric: fidelity.get(f"fgi_{metric}") for metric in FGI_METRICS},
        perfect_fgi={metric: perfect.get(f"fgi_{metric}") for metric in FGI_METRICS},
        draws=_draws(data, fidelity, split, population, instrument),
    )
    notes = _notes(case, answers) + _without_index(_those(data.fgi, population=population, anchor="paper", **key))
    return Assessment(split, population, instrument, case, judge(case), notes, fidelity)


def _least(data: ReportData) -> int | None:
    """Personas with a place that a coverage takes: see ``is_defined`` in ``metrics/scores.py``."""
    neighbours = data.settings.get("metrics", {}).get("neighbours")
    return None if neighbours is None else neighbours + 2


def _draws(data: ReportData, fidelity: Row, split: str, population: str, instrument: str) -> Draws:
    key = {"split": split, "instrument": instrument, "metric": "coverage"}
    n_unplaceable = fidelity.get("n_unplaceable") or 0
    return Draws(
        n=_one(data.metrics, population=population, **key).get("n"),
        n_placed=(fidelity.get("n_personas") or 0) - n_unplaceable,
        all_placed=n_unplaceable == 0,
        sample_size=data.settings.get("metrics", {}).get("sample_size"),
        n_users=_one(data.users, split=split).get("n_users"),
        of_all=fidelity.get("coverage_full_population"),
        ignorant_n=_one(data.metrics, population="ignorant_rater", **key).get("n"),
    )


def _perfect_coverage(gap: Row, reliability: Row) -> float | None:
    """What perfect stand-ins would reach at the population's size; a floor of another size may lead out of a share."""
    if gap.get("floor") is not None and gap.get("protocol") is not None:
        return min(1.0, max(0.0, float(gap["floor"] + gap["protocol"])))
    return reliability.get("perfect_rater_coverage")


def _notes(case: Case, answers: Row) -> list[str]:
    notes = []
    if answers and (is_nearly_constant(answers) or unread_share(answers) > MANY_UNPLACED):
        notes.append(answers_in_words(answers))
    placed = case.n_personas - case.n_unplaceable
    if 0 < case.n_unplaceable < case.n_personas and case.n_unplaceable > MANY_UNPLACED * case.n_personas:
        notes.append(
            f"{count(case.n_unplaceable)} of {count(case.n_personas)} personas "
            f"({percent(case.n_unplaceable / case.n_personas)}) have no place{why_unplaced(case)}; the scores are those "
            "of the rest."
        )
    if 0 < placed < FEW_PERSONAS:
        notes.append(f"Only {count(placed)} personas have a place: read every number here with care.")
    return notes


def _without_index(rows: list[Row]) -> list[str]:
    """One note where floor and ceiling of a metric are apart by chance only."""
    metrics = [METRICS[row["metric"]].label for row in rows if row["anchors_apart"] is False]
    if not metrics:
        return []
    return [
        f"There is no FGI of {' and '.join(metrics)}: floor and ceiling cannot be told apart at n = {count(rows[0]['n'])}."
    ]


def tally(assessments: list[Assessment]) -> str:
    """One line over all populations of the page."""
    if not assessments:
        return ""
    parts = []
    for verdict, words in (
        (Verdict.YES, "faithful as far as can be seen"),
        (Verdict.PARTLY, "faithful in part"),
        (Verdict.NO, "not faithful"),
        (Verdict.CANNOT_TELL, "cannot be told"),
    ):
        if n := sum(a.judgement.verdict is verdict for a in assessments):
            parts.append(f"{n} {words}" if len(assessments) > 1 else words)
    return ", ".join(parts)


def _one(rows: list[Row], **where: str) -> Row:
    """The first row with these values; an empty one when there is none."""
    return next(iter(_those(rows, **where)), {})


def _largest(rows: list[Row], **where: str) -> Row:
    """Of the populations with these values that of most personas, as in ``results.instrument_reliability``."""
    return max(_those(rows, **where), key=lambda row: row["n_personas"] or 0, default={})


def _those(rows: list[Row], **where: str) -> list[Row]:
    return [row for row in rows if all(row[column] == value for column, value in where.items())]
