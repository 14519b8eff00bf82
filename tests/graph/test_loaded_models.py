"""A chat model stays loaded in a process for as long as it is the one on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_defs import resources
from dagster_defs.resources import ChatModels
from python_assets.raters import chat, model_state
from python_assets.study import Rater


class Loaded:
    """What the folder held when it was loaded."""

    def __init__(self, rater: Rater) -> None:
        self.config, self.closed = (Path(str(rater.model)) / "config.json").read_text(), False

    def close(self) -> None:
        """As of a model."""
        self.closed = True


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a model; none is loaded yet."""
    monkeypatch.setattr(resources, "_OPEN", {})
    monkeypatch.setattr(chat, "open_chat_model", Loaded)
    monkeypatch.setattr(model_state, "version", lambda package: "1.0")
    model = tmp_path / "tuned"
    model.mkdir()
    (model / "config.json").write_text("{}")
    return model


def load(folder: Path, backend: str = "transformers") -> Loaded:
    found = ChatModels().get(Rater.model_validate({"backend": backend, "model": str(folder)}))
    assert isinstance(found, Loaded)
    return found


def test_a_model_that_is_updated_between_two_steps_of_a_run_is_loaded_again(folder: Path) -> None:
    first = load(folder)
    assert load(folder) is first
    (folder / "config.json").write_text("{ }")
    second = load(folder)
    assert (second.config, second.closed, first.closed) == ("{ }", False, True)
    assert load(folder) is second


def test_a_model_that_is_gone_meanwhile_is_the_one_that_was_loaded(folder: Path) -> None:
    first = load(folder)
    shutil.rmtree(folder)
    assert load(folder) is first


def test_a_model_that_its_loading_has_fetched_is_loaded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.json").rename(folder.with_name("on the hub"))
    folder.rmdir()

    def fetch(rater: Rater) -> Loaded:
        folder.mkdir()
        folder.with_name("on the hub").rename(folder / "config.json")
        return Loaded(rater)

    monkeypatch.setattr(chat, "open_chat_model", fetch)
    first = load(folder)
    assert load(folder) is first


def test_vllm_which_gives_no_memory_back_stays(folder: Path) -> None:
    first = load(folder, "vllm")
    (folder / "config.json").write_text("{ }")
    assert load(folder, "vllm") is first
