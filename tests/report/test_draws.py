"""A coverage is a share of the real users drawn at a time, not of all of them, and the page says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from python_assets.report import build_report
from python_assets.report.draws import Draws, drawn, reached_by_personas
from python_assets.report.verdicts import judge
from tests.report.html_checks import Page
from tests.report.support import fill
from tests.report.test_verdicts import FAITHFUL
from tests.report.world import GROUNDED, PERFECT, World

FEW = Draws(n=8, n_placed=8, sample_size=500, n_users=547, of_all=0.053)


def test_few_personas_are_close_to_those_drawn_and_not_to_all() -> None:
    assert reached_by_personas(1.0, FEW) == (
        "of 8 real users drawn at a time, as many as there are personas, 100% have one of these personas close by "
        "(of all 547 real users 5% have)"
    )


def test_the_full_sample_size_needs_no_reason() -> None:
    draws = Draws(n=500, n_placed=500, sample_size=500, n_users=268_123, of_all=0.01)
    assert (
        reached_by_personas(0.05, draws) == "of 500 real users drawn at a time 5% have one of these personas close by"
    )


@pytest.mark.parametrize(
    ("draws", "words"),
    [
        (
            FEW._replace(all_placed=False),
            "of 8 real users drawn at a time, as many as there are personas with a place,",
        ),
        (FEW._replace(n=126, n_placed=300, n_users=253), "of 126 real users drawn at a time, half of all,"),
        (Draws(), "of the real users drawn at a time"),
    ],
)
def test_why_no_more_are_drawn(draws: Draws, words: str) -> None:
    assert drawn(draws) == words


def test_ignorant_stand_ins_of_another_size_are_said_to_be() -> None:
    sentence = judge(replace(FAITHFUL, coverage=0.1, draws=FEW._replace(ignorant_n=273))).sentence
    assert "97% with ignorant stand-ins (of 273 real users drawn)" in sentence
    doubtful = judge(replace(FAITHFUL, rank_accuracy=None, draws=FEW._replace(ignorant_n=273))).sentence
    assert doubtful.endswith("stand-ins left at a random start reach 97% too (of 273 real users drawn).")


def test_the_page_says_whose_share_a_coverage_is(tmp_path: Path) -> None:
    other = replace(GROUNDED, name="other")
    warehouse = fill(tmp_path / "w.duckdb", World(populations=(replace(GROUNDED, n=8), other, PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update results.population_metrics set n = 8 where population = 'grounded_smollm2'")
        connection.execute("update results.fidelity set coverage_full_population = 0.0123")
    html = build_report(warehouse, tmp_path / "report.html", map_epochs=5).read_text(encoding="utf-8")
    text = Page(html).text
    assert "Of 8 real users drawn at a time, as many as there are personas, 9% have" in text
    assert "of those drawn at a time (as many as there are personas where these are few) and of all" in text
    assert "No 9% of 8 drawn at a time; 1% of all 80" in text
    assert (
        "Of the real users drawn at a time, as many as there are personas where these are few: have a persona" in text
    )
    assert "0.090 0.012 of all" in text
    assert "of the real users have" not in text
