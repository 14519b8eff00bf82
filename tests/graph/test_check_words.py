"""What the UI says of a dbt data test."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_defs.assets.check_words import data_test_in_words


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        (
            "accepted_range",
            {"column_name": "n", "min_value": 0, "max_value": 5},
            "Every `n` is at least 0 and at most 5, or missing.",
        ),
        ("accepted_range", {"column_name": "n", "above": 0}, "Every `n` is above 0, or missing."),
        (
            "accepted_values",
            {"column_name": "fold", "values": ["train", "test"]},
            "Every `fold` is one of train, test.",
        ),
        ("not_blank", {"column_name": "title"}, "No `title` is blank."),
        ("not_null_columns", {"columns": ["a", "b"]}, "Nothing is missing in `a`, `b`."),
        ("references_combination", {"columns": ["a"], "to": "ref('users')"}, "Every `a` is in `users`."),
        ("unique_combination", {"columns": ["a", "b"]}, "No two rows have the same `a`, `b`."),
        ("of_another_kind", {}, None),
    ],
)
def test_a_generic_test_is_a_sentence(name: str, given: dict[str, Any], words: str | None) -> None:
    assert data_test_in_words({"test_metadata": {"name": name, "kwargs": given}, "raw_code": ""}) == words


def test_a_test_of_its_own_file_says_what_its_comment_says() -> None:
    code = "-- One thing,\n-- and another.\nselect 1 -- no more"
    assert data_test_in_words({"raw_code": code}) == "One thing, and another."
    assert data_test_in_words({"raw_code": "select 1"}) is None


def test_every_check_of_the_graph_has_a_description() -> None:
    from dagster_defs.assets.dbt import dbt_models

    specs = list(dbt_models.check_specs)
    assert len(specs) > 100
    assert not [spec.name for spec in specs if not spec.description]
