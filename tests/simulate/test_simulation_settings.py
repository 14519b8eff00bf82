"""Settings that cannot work are refused with a sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from python_assets.simulate import SimulationError, SimulationSettings, load_settings
from python_assets.simulate.identifiers import item_ids, user_id


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"categories": [("All Beauty", 1.0), ("Software", 1.0)]}, "use letters, digits and underscores"),
        ({"categories": [("../x", 1.0), ("Software", 1.0)]}, "use letters, digits and underscores"),
        ({"categories": [("Software", 1.0), ("Software", 1.0)]}, "is there twice"),
        ({"categories": [("Software", 1.0), ("Video_Games", 0.0)]}, "give it a share above 0"),
        ({"categories": [("Software", 1.0)], "cross_category_share": 0.1}, "needs a second category"),
        ({"personal_weight": 0.9}, "add up to more than 1"),
        ({"star_shares": (0.5, 0.5, 0.5, 0.5, 0.5)}, "add up to 1"),
        ({"mean_reviews": 5}, "raise it to"),
        ({"items": 20}, "too few to choose from"),
        ({"end": "2015-01-05"}, "at least 30 days"),
        ({"user": 5}, "Extra inputs"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SimulationSettings(**wrong)


def test_items_are_divided_by_share_and_none_is_lost() -> None:
    settings = SimulationSettings(items=1_000, categories=[("Software", 1), ("Video_Games", 1), ("Books", 1)])
    counts = settings.items_per_category()
    assert counts.sum() == 1_000
    assert counts.max() - counts.min() <= 1


def test_settings_are_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "simulation.yaml"
    path.write_text("users: 77\ncategories: [[Software, 1], [Video_Games, 3]]\n")
    assert load_settings(path).users == 77
    assert load_settings(path).shares().tolist() == [0.25, 0.75]


def test_what_is_said_with_the_file_goes_before_it(tmp_path: Path) -> None:
    path = tmp_path / "simulation.yaml"
    path.write_text("users: 77\nitems: 90\n")
    found = load_settings(path, users=5)
    assert (found.users, found.items) == (5, 90)
    assert load_settings() == SimulationSettings()


def test_a_pipe_is_one_sentence_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SimulationError, match="pipe is a pipe or a device: write the settings to a file"):
        load_settings(tmp_path / "pipe")


def test_users_of_a_single_category_have_no_second() -> None:
    assert SimulationSettings(categories=[("Software", 1.0)]).cross_category_share == 0
    assert SimulationSettings().cross_category_share > 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("users: many\n", "users: Input should be"),
        ("users: [\n", "not valid YAML"),
        ("users: 2023-02-30\n", "not valid YAML: day is out of range"),
        ("- users\n", "holds no settings"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_settings_file_is_one_sentence(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "simulation.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SimulationError, match=words) as error:
        load_settings(path)
    assert "\n" not in str(error.value)


def test_ids_are_distinct_and_depend_on_the_seed() -> None:
    items = item_ids(1, 50_000)
    assert len(set(items)) == 50_000
    assert not set(items[:1_000]) & set(item_ids(2, 1_000))
    assert len({user_id(1, index) for index in range(10_000)}) == 10_000
    assert user_id(1, 0) != user_id(2, 0)
