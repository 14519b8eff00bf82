"""Which steps a run has, and how machines share them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dagster_defs.plan import plan
from python_assets.study import Population, Rater
from python_assets.study.files import load_study
from tests.conftest import PROJECT
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


def test_only_what_vllm_rates_has_a_process_of_its_own() -> None:
    rater = {"model": "some-model", "base_url": "http://127.0.0.1:1/v1"}
    backends = ("vllm", "openai", "transformers")
    populations = [Population(name=name, condition="grounded", rater=Rater(backend=name, **rater)) for name in backends]
    steps = plan(make_study().model_copy(update={"populations": populations}), splits=["Gift_Cards"])
    assert {step.label for step in steps if step.own_process} == {"vllm on Gift_Cards"}


@pytest.mark.parametrize(
    ("options", "word"),
    [(["--split", "Nowhere"], "Nowhere"), (["--from", "publish", "--until", "encode"], "--from publish")],
)
def test_a_choice_that_cannot_be_is_bad_usage(tmp_path: Path, options: list[str], word: str) -> None:
    done = run_command(tmp_path, own_environment(tmp_path), "run", "--study", "demo", "--dry-run", *options)
    assert done.returncode == 2
    assert word in done.stderr


def test_machines_that_share_a_study_as_the_page_says_leave_no_split_out() -> None:
    page = (PROJECT / "docs" / "scaling.md").read_text()
    commands = re.findall(r"^persona-fidelity run --study paper .*--split.*$", page, re.MULTILINE)
    named = re.findall(r"--split (\w+)", "\n".join(commands))
    assert sorted(named) == sorted(load_study("paper").splits)
