"""What a population is judged by, read from the results of a world with two instruments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from python_assets.report.answers import answers_context, coverage_scale
from python_assets.report.cases import _notes, assess, persona_populations
from python_assets.report.data import ReportData, read_tables
from python_assets.report.instruments import coverage_floor
from python_assets.report.names import FGI_METRICS
from python_assets.report.verdicts import Case
from tests.report.results import fgi
from tests.report.support import fill
from tests.report.world import GROUNDED, PERFECT, Personas, World

POPULAR = Personas(
    "popular", condition="control", backend="popularity", coverage={"paper": 0.3, "calibrated": 0.3}, rank_accuracy=0.66
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    world = World(populations=(GROUNDED, PERFECT, POPULAR))
    warehouse = fill(tmp_path_factory.mktemp("cases") / "w.duckdb", world)
    with warehouse.connect() as connection:
        return read_tables(connection)


def test_every_number_of_a_case_comes_from_its_own_row(data: ReportData) -> None:
    case = assess(data, "All_Beauty", "grounded_smollm2", "calibrated").case
    assert (case.coverage, case.floor, case.perfect, case.ignorant, case.retest) == pytest.approx(
        (0.09, 0.95, 0.94, 0.31, 0.71)
    )
    assert (case.rank_accuracy, case.perfect_rank_accuracy, case.popularity_rank_accuracy) == (0.74, 0.97, 0.66)
    assert case.fgi == pytest.approx({metric: fgi(0.09, metric) for metric in FGI_METRICS})
    assert case.perfect_fgi == pytest.approx({metric: fgi(0.94, metric) for metric in FGI_METRICS})


def test_the_floor_is_that_of_the_gap_and_the_largest_perfect_rater_counts(data: ReportData) -> None:
    few = [row | {"population": "few", "n_personas": 3, "rank_accuracy": 0.5} for row in data.fidelity]
    few = [row for row in few if row["backend"] == "perfect"]
    other = replace(data, fidelity=few + data.fidelity, gaps=[row | {"floor": 0.8} for row in data.gaps])
    case = assess(other, "All_Beauty", "grounded_smollm2", "calibrated").case
    assert (case.floor, case.perfect_rank_accuracy) == (0.8, 0.97)


def test_who_was_never_measured_is_named(data: ReportData) -> None:
    assert persona_populations(replace(data, fidelity=[])) == ["grounded_smollm2"]


def test_an_instrument_that_did_not_measure_a_population_has_no_answer_for_it(data: ReportData) -> None:
    def others(data: ReportData) -> list[str]:
        (card,) = answers_context(data)["split_answers"][0]["cards"]
        return [view["instrument"] for view in card["others"]]

    measured = [r for r in data.fidelity if (r["population"], r["instrument"]) != ("grounded_smollm2", "paper")]
    assert others(data) == ["paper"]
    assert others(replace(data, fidelity=measured)) == []


def test_one_perfect_rater_with_a_coverage_is_enough(data: ReportData) -> None:
    perfect = [row for row in data.metrics if row["population"] == "perfect"]
    small = [row | {"population": "small"} for row in perfect if row["metric"] != "coverage"]
    populations = {**data.populations, "small": data.populations["perfect"]}
    two = replace(data, metrics=data.metrics + small, populations=populations)
    assert not two.has_too_few_for_coverage("All_Beauty", "paper")
    alone = [row for row in two.metrics if row["population"] != "perfect"]
    assert replace(two, metrics=alone).has_too_few_for_coverage("All_Beauty", "paper")


def test_other_real_users_are_as_many_as_there_are(data: ReportData) -> None:
    higher = replace(data, fgi=[row | {"floor_value": 0.99} for row in data.fgi])
    assert coverage_floor(higher, "All_Beauty", "paper") == 0.95
    without = replace(higher, metrics=[r for r in data.metrics if r["population"] != "real_subsample"])
    assert coverage_floor(without, "All_Beauty", "paper") == 0.99


@pytest.mark.parametrize(("n_read", "noted"), [(96, False), (94, True)])
def test_many_unread_answers_are_noted_beside_the_verdict(n_read: int, noted: bool) -> None:
    read = {"counts": [19, 19, 19, 19, n_read - 76], "n_read": n_read, "n_answers": 100}
    answers = read | {"n_personas": 60, "n_constant": 0, "elicitation": "likert"}
    notes = _notes(Case(n_personas=60, n_unplaceable=0), answers)
    assert notes == (["It uses the whole scale. 6.0% of the answers could not be read as a rating."] if noted else [])


@pytest.mark.parametrize(
    ("coverage", "perfect", "floor", "points"),
    [
        (0.09, 0.36, 0.95, {"reached": 9, "lost-personas": 27, "lost-instrument": 59, "beyond": 5}),
        (0.6, 0.36, 0.95, {"reached": 60, "lost-personas": 0, "lost-instrument": 35, "beyond": 5}),
        (0.4, 1.0, 0.9, {"reached": 40, "lost-personas": 50, "lost-instrument": 0, "beyond": 10}),
        (0.99, 0.9, 0.95, {"reached": 99, "lost-personas": 0, "lost-instrument": 0, "beyond": 1}),
        (0.09, None, 0.95, {"reached": 9, "lost-unknown": 86, "lost-instrument": 0, "beyond": 5}),
    ],
)
def test_the_scale_of_coverage_adds_up_to_a_hundred(
    coverage: float, perfect: float | None, floor: float, points: dict[str, int]
) -> None:
    scale = coverage_scale(Case(60, 0, coverage=coverage, perfect=perfect, floor=floor))
    assert {part.name: part.points for part in scale} == points
    assert sum(points.values()) == 100
