"""Strict reading of Likert answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from python_assets.raters.parse import parse_likert


@pytest.mark.parametrize("text", ["3", " 3", "3\n", "\t3 "])
def test_one_digit_counts(text: str) -> None:
    assert parse_likert(text) == (3, "ok")


@pytest.mark.parametrize(
    "text", ["0", "6", "3.", "3.0", "3/5", "33", "three", "I'd say 3", "1 2", "-1", "٣", "３", "²"]
)
def test_anything_else_does_not(text: str) -> None:
    assert parse_likert(text) == (None, "unparsed")


@pytest.mark.parametrize("text", ["", "  \n", None])
def test_nothing_is_empty(text: str | None) -> None:
    assert parse_likert(text) == (None, "empty")


@given(st.text())
def test_a_rating_is_there_exactly_when_the_status_says_so(text: str) -> None:
    rating, status = parse_likert(text)
    assert (rating is not None) == (status == "ok") == (text.strip() in list("12345"))
