"""Scores as rows: every number under its own name."""

from __future__ import annotations

from python_assets.metrics.rows import paired_rows, score_rows
from python_assets.metrics.scores import Score

FIXED = {"split": "B", "instrument": "paper", "seed": 1, "config_hash": "c", "code_version": "v"}


def test_a_paired_metric_keeps_its_deviation_and_number() -> None:
    (row,) = paired_rows({"rank_accuracy": (0.75, 0.5, 3)}, FIXED | {"population": "p"}).to_pylist()
    assert (row["metric"], row["value"], row["std"], row["n"]) == ("rank_accuracy", 0.75, 0.5, 3)


def test_a_score_without_a_value_is_no_row() -> None:
    scores = [Score("mmd", 1.0, 2.0, 3.0, 4.0, 5.0, 6, 7), Score("coverage", None, None, None, None, None, 6, 7)]
    (row,) = score_rows({"p": scores}, FIXED, {"p": "persona"}).to_pylist()
    assert [row[name] for name in Score._fields] == ["mmd", 1.0, 2.0, 3.0, 4.0, 5.0, 6, 7]
    assert (row["population"], row["source"], row["perfect_value"]) == ("p", "persona", None)
