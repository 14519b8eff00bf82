"""The benchmark compares like with like, and writes what it measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.metrics import main
from python_assets.metrics.scores import METRICS

SIZES = {
    "users": 200,
    "sample": 40,
    "dimension": 16,
    "resamples": 2,
    "permutations": 20,
    "projections": 10,
    "repeats": 1,
}


def test_benchmark_writes_both_times_and_equal_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "result.json"
    sizes = [part for name, size in SIZES.items() for part in (f"--{name}", str(size))]
    monkeypatch.setattr(sys, "argv", ["metrics", *sizes, "--json", str(target)])
    main()
    assert "times as fast" in capsys.readouterr().out
    result = json.loads(target.read_text())
    assert {name: result[name] for name in SIZES} == SIZES
    assert result["panel_seconds"] > 0
    assert result["ratio"] == pytest.approx(result["plain_seconds"] / result["panel_seconds"])
    assert set(result["panel"]) == set(result["plain"]) == set(METRICS)
    assert result["largest_difference"] < 1e-6
