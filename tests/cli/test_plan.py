"""Which steps a run has, and how machines share them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_defs.run import plan
from tests.graph.conftest import own_environment, run_command
from tests.sql.support import make_study


@pytest.mark.parametrize(
    ("choice", "jobs"),
    [
        ({}, ["prepare"] + ["encode"] * 4 + ["evaluate"] * 4 + ["publish"]),
        ({"until": "prepare"}, ["prepare"]),
        ({"first": "publish"}, ["publish"]),
        ({"first": "encode", "until": "evaluate", "splits": ["Gift_Cards"]}, ["encode", "evaluate"]),
        ({"first": "publish", "until": "encode"}, []),
    ],
)
def test_stages_and_splits_are_chosen(choice: dict[str, object], jobs: list[str]) -> None:
    steps = plan(make_study(), **choice)  # type: ignore[arg-type]
    assert [step.job for step in steps] == jobs
    if "splits" in choice:
        assert all("Gift_Cards" in str(step.partition) for step in steps)


@pytest.mark.parametrize(
    ("options", "word"),
    [(["--split", "Nowhere"], "Nowhere"), (["--from", "publish", "--until", "encode"], "--from publish")],
)
def test_a_choice_that_cannot_be_is_bad_usage(tmp_path: Path, options: list[str], word: str) -> None:
    done = run_command(tmp_path, own_environment(tmp_path), "run", "--study", "demo", "--dry-run", *options)
    assert done.returncode == 2
    assert word in done.stderr
