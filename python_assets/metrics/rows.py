"""Scores as rows of ``ml.population_scores``, ``ml.anchor_scores`` and ``ml.paired_scores``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from python_assets.metrics.scores import Anchor, Score

SCORES = pa.schema(
    [
        *[
            (name, pa.string())
            for name in ("split", "population", "source", "condition", "rater", "instrument", "metric")
        ],
        *[(name, pa.float64()) for name in ("value", "std", "ci_low", "ci_high", "p_value", "perfect_value")],
        ("n", pa.int32()),
        ("resamples", pa.int32()),
        ("seed", pa.int64()),
        ("config_hash", pa.string()),
        ("code_version", pa.string()),
        ("created_at", pa.timestamp("us")),
    ]
)
ANCHORS = pa.schema(
    [
        ("split", pa.string()),
        ("instrument", pa.string()),
        ("n", pa.int32()),
        ("metric", pa.string()),
        ("anchor", pa.string()),
        ("floor_value", pa.float64()),
        ("ceiling_value", pa.float64()),
        ("floor_std", pa.float64()),
        ("ceiling_std", pa.float64()),
    ]
)
PAIRED = pa.schema(
    [
        *[(name, pa.string()) for name in ("split", "population", "instrument", "metric")],
        ("value", pa.float64()),
        ("std", pa.float64()),
        ("n", pa.int32()),
        ("seed", pa.int64()),
        ("config_hash", pa.string()),
        ("code_version", pa.string()),
        ("created_at", pa.timestamp("us")),
    ]
)


def score_rows(scores: Mapping[str, Iterable[Score]], fixed: Mapping[str, Any], sources: Mapping[str, str]) -> pa.Table:
    """One row a population and metric.

    Args:
        scores: Scores of each population.
        fixed: Columns that all rows share.
        sources: Each population's source: reference, synthetic, persona or control.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    records = [
        {**fixed, "population": population, "source": sources[population], "created_at": now, **score._asdict()}
        for population, group in scores.items()
        for score in group
        if score.value is not None
    ]
    return pa.Table.from_pylist(records, schema=SCORES)


def anchor_rows(anchors: Mapping[str, Iterable[Anchor]], *, split: str, instrument: str, n: int) -> pa.Table:
    """The floor and the ceilings that populations of ``n`` rows are held against, by the ceiling's name."""
    fixed = {"split": split, "instrument": instrument, "n": n}
    rows = [{**fixed, "anchor": name, **anchor._asdict()} for name, group in anchors.items() for anchor in group]
    return pa.Table.from_pylist(rows, schema=ANCHORS)


def paired_rows(values: Mapping[str, tuple[float | None, float | None, int]], fixed: Mapping[str, Any]) -> pa.Table:
    """One row a paired metric: value, standard deviation over personas, and how many there were."""
    now = datetime.now(UTC).replace(tzinfo=None)
    records = [
        {**fixed, "metric": metric, "value": value, "std": std, "n": n, "created_at": now}
        for metric, (value, std, n) in values.items()
    ]
    return pa.Table.from_pylist(records, schema=PAIRED)
