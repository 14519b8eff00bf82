"""The sentence under each figure says what the figure shows, and figures are drawn from the right rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import same_color

from python_assets.report import (
    figure2_fgi,
    figure3_coverage,
    figure4_local_global,
    figure6_distances,
    figure7_norms,
    figure_gaps,
)
from python_assets.report.clouds import Distances
from python_assets.report.data import ReportData, read_tables
from python_assets.report.figure5_map import _seen as seen_on_the_map
from python_assets.report.figure6_distances import _between_seeds
from python_assets.report.figure6_distances import _seen as seen_of_distances
from python_assets.report.names import population
from python_assets.report.rows import instrument_fill
from python_assets.report.style import COLOURS, PAPER, new_figure
from tests.report.support import fill
from tests.report.world import GROUNDED, PERFECT, Instrument, Personas, World

BETTER = Personas("better", coverage={"paper": 0.2}, cosine=0.9, rank_accuracy=0.8)
OWN = {
    "grounded_smollm2": {"pair_cosine_distance": 0.31, "matched_real_cos_mean": 0.2, "norm_ratio": 0.64},
    "better": {"pair_cosine_distance": 0.22, "matched_real_cos_mean": 0.3, "norm_ratio": 0.7},
    "perfect": {"norm_ratio": 0.76},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """One instrument, two persona populations and a perfect rater."""
    world = World(
        instruments={"paper": Instrument("compresses", perfect=0.36)},
        populations=(GROUNDED, BETTER, PERFECT),
        n_users=20,
    )
    warehouse = fill(tmp_path_factory.mktemp("seen") / "w.duckdb", world)
    with warehouse.connect() as connection:
        found = read_tables(connection)
    return replace(found, fidelity=[row | OWN.get(row["population"], {}) for row in found.fidelity])


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (
            figure2_fgi,
            "On coverage the persona populations lie between 0.81 and 0.97. "
            "On MMD, SWD at least one of them is further off than noise.",
        ),
        (
            figure3_coverage,
            "Personas cover 0.05 to 0.20 and other real users 0.95; the mean cosine is 0.90 to 0.97 against 0.28.",
        ),
        (
            figure4_local_global,
            "The personas that follow their seed users best (better on All_Beauty, rank accuracy 0.80) reach a coverage of 0.20.",
        ),
        (figure7_norms, "Persona populations reach 0.64 to 0.70. Perfect stand-ins reach 0.76."),
        (
            figure_gaps,
            "Of the coverage gap, the instrument accounts for 66% to 79%, depending on instrument, split and population.",
        ),
    ],
)
def test_the_sentence_under_a_figure_is_that_of_its_numbers(data: ReportData, figure: Any, words: str) -> None:
    assert figure.draw(data).seen == words


def test_too_few_for_a_coverage_are_not_called_placeless(data: ReportData) -> None:
    few = replace(
        data,
        metrics=[row for row in data.metrics if row["metric"] != "coverage" or row["source"] != "persona"],
        gaps=[row for row in data.gaps if row["metric"] != "coverage"],
    )
    assert figure3_coverage.draw(few).seen == (
        "Too few personas have a place for a coverage; the mean cosine is 0.90 to 0.97 against 0.28."
    )
    assert figure_gaps.draw(few).seen.startswith("Whose the gap in coverage is cannot be said: too few personas")


def test_one_persona_with_a_place_is_not_called_placeless(data: ReportData) -> None:
    one = replace(
        data,
        metrics=[
            row for row in data.metrics if row["metric"] not in ("coverage", "cos_mean") or row["source"] != "persona"
        ],
    )
    assert figure3_coverage.draw(one).seen.startswith(
        "Too few personas have a place for a coverage; the mean cosine is unknown"
    )
    none = replace(one, metrics=[row for row in one.metrics if row["source"] != "persona"])
    assert figure3_coverage.draw(none).seen.startswith("No persona population has a place here")


def test_who_covers_as_much_as_real_users_leaves_no_gap(data: ReportData) -> None:
    beyond = replace(data, gaps=[row | {"total": 0.01} for row in data.gaps])
    assert figure_gaps.draw(beyond).seen.startswith("There is no gap in coverage")


def test_the_sentences_of_the_map_and_of_the_distances(data: ReportData) -> None:
    assert seen_on_the_map(data) == (
        "Tightest beside its seed users is grounded_smollm2 on All_Beauty under paper: "
        "mean cosine 0.97, its seed users' 0.20."
    )
    assert seen_of_distances(data) == (
        "On average better lies closest to its seed users (0.22, All_Beauty, paper), "
        "grounded_smollm2 furthest (0.31, All_Beauty, paper)."
    )


def test_two_different_seed_users_are_as_far_apart_as_their_cosine_says(data: ReportData) -> None:
    of_ten = {"matched_real_cos_mean": 0.2, "n_personas": 10, "n_unplaceable": 0}
    alike = [row | of_ten for row in data.fidelity]
    assert _between_seeds(replace(data, fidelity=alike), "All_Beauty", "paper") == pytest.approx(0.8)
    of_one = alike[0] | {"matched_real_cos_mean": 1.0, "n_unplaceable": 8, "population": "nearly placeless"}
    n = sum(row["split"] == "All_Beauty" and row["instrument"] == "paper" for row in alike)
    assert _between_seeds(replace(data, fidelity=[*alike, of_one]), "All_Beauty", "paper") == pytest.approx(
        1 - (n * 10 * 0.2 + 2 * 1.0) / (n * 10 + 2)
    )


def test_the_distance_between_seed_users_is_in_the_picture(data: ReportData, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, Any] = {}
    monkeypatch.setattr(figure6_distances, "to_svg", lambda figure, **_: shown.update(axes=figure.axes) or "")
    near = [Distances("All_Beauty", "paper", "better", np.array([0.1, 0.2]))]
    figure6_distances.draw(data, near)
    (axes,) = shown["axes"]
    (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert axes.get_xlim()[1] > line.get_xdata()[0] > 0.7


def test_none_of_them_is_further_off_than_noise(data: ReportData) -> None:
    near = {f"fgi_{metric}": 0.5 for metric in ("coverage", "fpd", "mmd", "swd")}
    close = replace(data, fidelity=[row | near for row in data.fidelity])
    assert figure2_fgi._seen(close).endswith("None of them is further off than noise.")


@pytest.mark.parametrize(
    ("fgi", "words"),
    [
        ({"coverage": 0.5}, "lie between 0.50 and 0.50. On coverage none of them is further off than noise."),
        (
            {"coverage": 0.5, "mmd": 0.5},
            "lie between 0.50 and 0.50. On coverage, MMD none of them is further off than noise.",
        ),
        ({"coverage": 1.5}, "On coverage at least one of them is further off than noise."),
        (
            {"swd": 0.5},
            "No persona population has an FGI of coverage. On SWD none of them is further off than noise.",
        ),
        ({}, "No persona population has an FGI here; the marks are controls and synthetic users."),
    ],
)
def test_of_a_metric_without_an_index_nothing_is_said(data: ReportData, fgi: dict[str, float], words: str) -> None:
    own = {f"fgi_{metric}": fgi.get(metric) for metric in ("coverage", "fpd", "mmd", "swd")}
    few = replace(data, fidelity=[row | own for row in data.fidelity])
    assert figure2_fgi._seen(few).endswith(words)


def test_a_metric_that_one_population_has_no_index_of_is_not_said_of_all(data: ReportData) -> None:
    near = {f"fgi_{metric}": 0.5 for metric in ("coverage", "fpd", "mmd", "swd")}
    lost = {"better": {"fgi_mmd": None}}
    some = replace(data, fidelity=[row | near | lost.get(row["population"], {}) for row in data.fidelity])
    assert figure2_fgi._seen(some).endswith("On coverage, FPD, SWD none of them is further off than noise.")


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        (
            {"pair_cosine_distance": None, "matched_real_cos_mean": None},
            "The persona populations here have no seed users to be held against.",
        ),
        (
            {"cos_mean": None, "matched_real_cos_mean": None},
            "No persona population has two personas with a place and a seed user, whose cosines could be compared.",
        ),
        ({"n_personas": 12, "n_unplaceable": 12}, "No persona population has a place on the map."),
    ],
)
def test_personas_without_seed_users_are_not_called_placeless(
    data: ReportData, lost: dict[str, Any], words: str
) -> None:
    assert seen_on_the_map(replace(data, fidelity=[row | lost for row in data.fidelity])) == words


def test_the_index_is_drawn_with_the_papers_anchors_and_without_references(data: ReportData) -> None:
    drawn = figure2_fgi.draw(data).svg
    other = {"on_manifold": {"fgi": 40.0}, "paper": {}}
    # In whatever order the rows come.
    changed = [row | other[row["anchor"]] for row in reversed(data.fgi)]
    assert figure2_fgi.draw(replace(data, fgi=changed)).svg == drawn
    assert figure2_fgi.draw(replace(data, fgi=[row for row in data.fgi if row["source"] != "reference"])).svg == drawn


def test_a_bar_has_its_interval() -> None:
    axes = new_figure(4, 2).subplots()
    score = {"value": 0.5, "ci_low": 0.4, "ci_high": 0.7}
    figure3_coverage._bars(axes, 0, population({"population": "a", "source": "persona"}), [score])
    (interval,) = axes.lines
    assert list(interval.get_xdata()) == [0.4, 0.7]


def test_a_population_of_another_size_has_a_floor_of_its_own(data: ReportData) -> None:
    assert figure3_coverage._own_floors(data) == {}
    own = {
        "population": "better",
        "split": "All_Beauty",
        "instrument": "paper",
        "metric": "coverage",
        "anchor": "paper",
    }
    smaller = [row | {"n": 12, "floor_value": 0.8} if own.items() <= row.items() else row for row in data.fgi]
    found = replace(data, fgi=smaller)
    assert figure3_coverage._own_floors(found) == {("All_Beauty", "better", "paper"): 0.8}
    assert figure3_coverage.draw(found).svg != figure3_coverage.draw(data).svg
    axes = new_figure(4, 2).subplots()
    figure3_coverage._marks(axes, 0, [None, 0.8])
    (mark,) = axes.lines
    assert list(mark.get_xdata()) == [0.8, 0.8]


def test_the_first_instrument_is_solid_and_the_others_are_hollow() -> None:
    fills = [instrument_fill(number, COLOURS["persona"])["markerfacecolor"] for number in range(3)]
    assert [same_color(fill, COLOURS["persona"]) for fill in fills] == [True, False, False]
    assert fills[1:] == [PAPER, PAPER]
