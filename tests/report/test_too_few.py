"""Who has a place among too few users for a coverage is said to be just that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from python_assets.report import build_report
from tests.report.html_checks import Page, words_in
from tests.report.support import fill
from tests.report.world import GROUNDED, PERFECT, Instrument, World


def test_a_perfect_rater_that_is_placed_among_too_few_users_is_not_called_placeless(tmp_path: Path) -> None:
    unchecked = {"paper": Instrument(verdict="unknown", retest=None, perfect=None, ignorant=None)}
    warehouse = fill(tmp_path / "w.duckdb", World(instruments=unchecked, populations=(GROUNDED, PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute(
            "delete from results.population_metrics where population = 'perfect' and metric = 'coverage'"
        )
    text = Page(build_report(warehouse, tmp_path / "report.html").read_text()).text
    assert (
        "There are too few users in this split, or stand-ins, for a coverage of the study's perfect rater, so" in text
    )
    assert "since there are too few users in this split, or stand-ins, for a coverage" in text
    assert "perfect rater has no place" not in text


def test_who_is_placed_among_too_few_is_too_few_and_not_placeless(tmp_path: Path) -> None:
    nowhere = replace(GROUNDED, name="nowhere", unplaceable=60)
    warehouse = fill(tmp_path / "w.duckdb", World(populations=(GROUNDED, nowhere, PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update results.population_metrics set value = null where metric = 'coverage'")
        connection.execute(
            "insert into results.gap_decomposition by name select distinct on (split, instrument) * replace"
            " ('b' as population, 'coverage' as metric) from results.gap_decomposition"
        )
        connection.execute(
            "delete from results.gap_decomposition where metric = 'coverage' and population = 'grounded_smollm2'"
        )
    html = build_report(warehouse, tmp_path / "report.html").read_text()
    assert words_in(html, "figure3") == {"too few": 8, "no place": 2, "no scale": 0}
    assert words_in(html, "gaps")["no place"] == 0
    assert words_in(html, "gaps")["too few"] > 0
