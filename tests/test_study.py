"""What a study cannot be is said before anything runs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from python_assets.study import BASELINE_SOURCES, Probes
from python_assets.study.files import StudyError, load_study

CONTROL = {"name": "p", "condition": "control", "rater": {"backend": "perfect"}}
ELSEWHERE = {"backend": "openai", "model": "m", "base_url": "localhost:8000/v1"}
GOOD: dict[str, Any] = {
    "name": "mine",
    "sources": [{"category": "A", "reviews": ["a.jsonl"]}],
    "splits": {"A": ["A"]},
    "populations": [CONTROL],
}


def load(folder: Path, **changes: Any) -> None:
    """Write a study with changes and read it."""
    path = folder / "mine.yml"
    path.write_text(json.dumps(GOOD | changes))
    load_study(str(path))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"splits": {"A": ["B"]}}, "split A names B, but `sources` has no such category"),
        ({"populations": [CONTROL, CONTROL]}, "population p is there twice"),
        ({"splits": {"A": []}}, "split A names no category: name one"),
        ({"splits": {"A": ["A", "A"]}}, "split A names a category twice: name each once"),
        ({"name": "My-Study"}, "`name`: use only lower-case letters, digits and _."),
        ({"core": "five"}, "`core`: write a whole number."),
        ({"core": True}, "`core`: write a number."),
        ({"baselines": {"prototype_sigma": math.inf}}, "`baselines.prototype_sigma`: write a number."),
        ({"splits": {"A": "A"}}, "`splits.A`: write a list, such as [A, B]."),
        ({"probes": None}, "`probes`: write its settings below it, each as `key: value`, or {} for the defaults."),
        ({"populations": [CONTROL | {"size": 0}]}, "`populations.p.size`: it should be greater than or equal to 1."),
        ({"populations": [CONTROL | {"elicitation": "expected"}]}, "it belongs under `populations.NAME.rater`."),
        (
            {"populations": [{"name": "p", "condition": "grounded", "rater": ELSEWHERE}]},
            "`populations.p.rater`: `base_url: localhost:8000/v1` is no address: begin it with http:// or https://.",
        ),
        ({"max_epochs": 3}, "unknown key `max_epochs`; it belongs under `instruments.NAME.encoder`."),
        ({"metric": {}}, "unknown key `metric`; did you mean `metrics`?"),
        ({"instruments": {}}, "`instruments`: Dictionary should have at least 1 item"),
        *[
            (
                {"populations": [CONTROL | {"name": name}]},
                f"population {name} has the name of a baseline: give it another one",
            )
            for name in BASELINE_SOURCES
        ],
        ({"instruments": {"a": {}, "b": {"encoder": {"prototypes": 2}}}}, "share `prototypes` and `dimension`"),
        *[
            ({"splits": {name: ["A"]}}, "give it a name without")
            for name in ("A|B", "a,b", "[a]", "a...b", "a\tb", "", " ")
        ],
    ],
)
def test_an_inconsistent_study_is_one_sentence(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError) as caught:
        load(tmp_path, **changes)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


TEXT = """name: mine
sources: [{category: A, reviews: a.jsonl}]
splits: {A: [A]}
populations:
  - &first {name: p, condition: control, rater: {backend: perfect}}
  - {<<: *first, name: q}
"""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            "core: 5\npopulations: []\n",
            "`populations` is there twice, in line 4 and in line 8: keep one, with what both hold.",
        ),
        ("pairs: {min_gap: 1, min_gap: 2}\n", "`min_gap` is there twice, in line 7 and in line 7"),
    ],
)
def test_a_setting_that_is_there_twice_is_refused(tmp_path: Path, more: str, words: str) -> None:
    path = tmp_path / "mine.yml"
    path.write_text(TEXT)
    assert len(load_study(str(path)).populations) == 2
    path.write_text(TEXT + more)
    with pytest.raises(StudyError) as caught:
        load_study(str(path))
    assert f"{path}: {words}" in str(caught.value)


@pytest.mark.parametrize(("value", "why"), [("2023-02-30", "day is out of range"), ("0x_", "invalid literal for int")])
def test_what_looks_like_a_date_and_is_none_is_told_with_its_line(tmp_path: Path, value: str, why: str) -> None:
    path = tmp_path / "mine.yml"
    path.write_text(TEXT.replace("mine", value))
    with pytest.raises(
        StudyError, match=rf"^{path}: `{value}` in line 1 cannot be read \({why}.*\): put it into quotation"
    ):
        load_study(str(path))


@pytest.mark.parametrize("name", ['it\'s "q"', "ü/x", "*", "All Beauty & more", "a.b"])
def test_other_names_of_splits_are_taken(tmp_path: Path, name: str) -> None:
    load(tmp_path, splits={name: ["A"]})


@pytest.mark.parametrize(
    ("count", "head", "torso", "bands"),
    [
        (3, 0.5, 0.5, (2, 1, 0)),
        (7, 0.5, 0.5, (4, 3, 0)),
        (5, 0.3, 0.7, (2, 3, 0)),
        (7, 1.0, 0.0, (7, 0, 0)),
        (100, 0.2, 0.4, (20, 40, 40)),
    ],
)
def test_no_band_gives_fewer_probes_than_none(
    count: int, head: float, torso: float, bands: tuple[int, int, int]
) -> None:
    assert tuple(Probes(count=count, head=head, torso=torso).per_band().values()) == bands
