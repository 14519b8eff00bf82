"""Demographic attributes follow their marginals, independently and repeatably."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from python_assets.personas.demographics import ATTRIBUTES, draw_attributes


def marginals(**changed: list[tuple[str, float]]) -> pa.Table:
    base: dict[str, list[tuple[str, float]]] = {name: [(f"{name} a", 0.5), (f"{name} b", 0.5)] for name in ATTRIBUTES}
    rows = [(name, value, p) for name, values in {**base, **changed}.items() for value, p in values]
    return pa.table(dict(zip(("attribute", "value", "probability"), map(list, zip(*rows, strict=True)), strict=True)))


def test_everybody_has_every_attribute() -> None:
    people = draw_attributes(marginals(), count=3, seed=1)
    assert [list(person) for person in people] == [list(ATTRIBUTES)] * 3


def test_shares_follow_the_marginal() -> None:
    people = draw_attributes(marginals(age=[("18 to 24", 2.0), ("35 to 44", 6.0), ("never", 0.0)]), count=4000, seed=7)
    counts = Counter(person["age"] for person in people)
    # Five standard deviations of a binomial share with 4000 draws.
    assert counts["35 to 44"] / 4000 == pytest.approx(0.75, abs=0.035)
    assert "never" not in counts


def test_attributes_are_independent() -> None:
    people = draw_attributes(marginals(), count=4000, seed=3)
    both = sum(person["age"] == "age a" and person["income"] == "income a" for person in people)
    assert both / 4000 == pytest.approx(0.25, abs=0.035)


def test_more_people_keep_the_first_ones_and_row_order_does_not_matter() -> None:
    table = marginals()
    few = draw_attributes(table, count=5, seed=9)
    assert draw_attributes(table.take(list(range(table.num_rows))[::-1]), count=50, seed=9)[:5] == few
    assert draw_attributes(table, count=5, seed=10) != few


@pytest.mark.parametrize("values", [[], [("x", -1.0), ("y", 2.0)], [("x", 0.0)], [("x", float("nan"))]])
def test_an_unusable_marginal_is_an_error_that_names_it(values: list[tuple[str, float]]) -> None:
    with pytest.raises(ValueError, match="marginal distribution of income"):
        draw_attributes(marginals(income=values), count=1, seed=1)
