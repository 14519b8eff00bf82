"""What a dbt data test asks for, in a sentence: Dagster's UI shows no more than its name otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Given = Mapping[str, Any]


def _columns(given: Given) -> str:
    return ", ".join(f"`{name}`" for name in given["columns"])


def _table(reference: str) -> str:
    return "`" + reference.removeprefix("ref(").strip("')") + "`"


def _range(given: Given) -> str:
    bounds = [
        f"{words} {given[name]}"
        for name, words in (("above", "above"), ("min_value", "at least"), ("max_value", "at most"))
        if given.get(name) is not None
    ]
    return f"Every `{given['column_name']}` is {' and '.join(bounds)}, or missing."


_SENTENCES: dict[str, Callable[[Given], str]] = {
    "accepted_range": _range,
    "accepted_values": lambda given: (
        f"Every `{given['column_name']}` is one of {', '.join(map(str, given['values']))}."
    ),
    "not_blank": lambda given: f"No `{given['column_name']}` is blank.",
    "not_null_columns": lambda given: f"Nothing is missing in {_columns(given)}.",
    "references_combination": lambda given: f"Every {_columns(given)} is in {_table(given['to'])}.",
    "unique_combination": lambda given: f"No two rows have the same {_columns(given)}.",
}


def data_test_in_words(test: Mapping[str, Any]) -> str | None:
    """A test of dbt's manifest as a sentence; None where its kind is not known.

    Args:
        test: The node. A test of its own file begins with its sentence, as a comment.
    """
    generic = test.get("test_metadata")
    if generic:
        words = _SENTENCES.get(generic["name"])
        return words(generic["kwargs"]) if words else None
    comment = re.match(r"(?:\s*--[^\n]*\n)+", test["raw_code"])
    return " ".join(line.strip("- ") for line in comment[0].split("\n")).strip() if comment else None
