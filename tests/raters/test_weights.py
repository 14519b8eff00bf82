"""Which version of a model would be loaded, without loading it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from transformers import AutoConfig

from python_assets.raters.chat import ChatModelError, identity_of
from python_assets.raters.weights import Weights, find_weights, folder_sha256, known_version, version_of
from python_assets.study import Rater

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where org/small was fetched at one revision."""
    folder = tmp_path / "models--org--small"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(REVISION)
    (folder / "snapshots" / REVISION).mkdir(parents=True)
    (folder / "snapshots" / REVISION / "config.json").write_text(json.dumps({"model_type": "llama"}))
    for module in ("constants", "file_download"):
        monkeypatch.setattr(f"huggingface_hub.{module}.HF_HUB_CACHE", str(tmp_path), raising=False)
    return tmp_path


def test_a_hub_name_is_known_by_its_revision(hub_cache: Path) -> None:
    weights = Weights("org/small", None)
    # As transformers 5 loads it: without a word on the revision.
    config = AutoConfig.from_pretrained("org/small", cache_dir=hub_cache, local_files_only=True)
    assert known_version(weights) == version_of(weights, config) == REVISION
    identity = identity_of(Rater(backend="transformers", model="org/small", options={"device": "cpu"}))
    expected = {"backend": "transformers", "model": "org/small", "weights": REVISION}
    assert identity == {**expected, "dtype": "float32", "device": "cpu"}


def test_what_lies_elsewhere_is_known_by_what_its_config_tells(hub_cache: Path) -> None:
    assert version_of(Weights("org/large", None), SimpleNamespace(_commit_hash=REVISION)) == REVISION
    assert version_of(Weights("org/large", None), SimpleNamespace()) is None


def test_a_folder_is_known_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert known_version(find_weights(str(tmp_path))) == folder_sha256(tmp_path)


@pytest.mark.parametrize("name", ["org/large", "a/b/c"])
def test_what_is_not_here_is_one_sentence(hub_cache: Path, name: str) -> None:
    with pytest.raises(ChatModelError, match="not on this machine"):
        known_version(Weights(name, None))


def test_a_control_has_no_identity() -> None:
    with pytest.raises(ChatModelError, match="is a control"):
        identity_of(Rater(backend="random"))
