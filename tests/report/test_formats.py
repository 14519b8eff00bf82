"""Numbers as they are printed."""

import math

import pytest

from python_assets.report.formats import breakable, count, decimal, percent, probability, scaled, with_code


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (0.0841, "0.084"),
        (8.7142, "8.714"),
        (28.21, "28.21"),
        (271.94, "271.9"),
        (12345.6, "12,346"),
        (-0.022, "−0.022"),
    ],
)
def test_large_numbers_lose_decimals(value: float, printed: str) -> None:
    assert decimal(value) == printed


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_missing_is_an_en_dash(value: float | None) -> None:
    assert {decimal(value), count(value), percent(value), probability(value), scaled(value, 1e3)} == {"–"}


def test_a_negative_value_that_rounds_to_zero_has_no_sign() -> None:
    assert decimal(-0.0001) == "0.000"


def test_the_three_distances_are_printed_in_thousandths_with_three_digits() -> None:
    assert [scaled(value, 1e3) for value in (0.000084, 0.00213, 0.0372, 0.272)] == ["0.084", "2.13", "37.2", "272"]


def test_a_tiny_p_value_is_bounded_not_zero() -> None:
    assert probability(0.0004) == "<0.001"
    assert probability(0.323) == "0.323"


def test_a_name_may_go_on_in_the_next_line_and_is_still_only_text() -> None:
    assert breakable("a_b<i>_c") == "a_<wbr>b&lt;i&gt;_<wbr>c"


def test_what_stands_between_backticks_is_code_and_nothing_else_is_html() -> None:
    assert with_code("a <b> & `min_gap: 0`, `c`") == "a &lt;b&gt; &amp; <code>min_gap: 0</code>, <code>c</code>"
