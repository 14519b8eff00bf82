"""Where a model's weights are, and a fingerprint of them, so that an answer can be traced to the model that gave it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from python_assets.raters import smollm
from python_assets.raters.chat import ChatModelError

_PARTS = ("*.safetensors", "*.bin", "*.json", "*.jinja", "*.model", "*.txt")


class Weights(NamedTuple):
    """What a runtime loads."""

    location: str
    """A folder, or a name on the model hub."""
    sha256: str | None
    """Fingerprint of the files; nothing for a hub name."""

    @property
    def is_local(self) -> bool:
        """Whether loading needs no hub."""
        return self.sha256 is not None


def find_weights(model: str) -> Weights:
    """The folder of a model on disk with its fingerprint, or else the name as it is.

    Raises:
        ChatModelError: A path that is not a folder, or the bundled model's package is not installed.
    """
    if model == smollm.NAME:
        folder = smollm.smollm_folder()
        return Weights(str(folder), folder.name)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return Weights(str(folder), folder_sha256(folder))
    if model.startswith(("/", ".", "~")):
        raise ChatModelError(
            f"There is no model folder {model}: give the folder that holds config.json, or a hub name."
        )
    return Weights(model, None)


def version_of(weights: Weights, config: Any) -> str | None:
    """What tells one state of a model from the next: the files' fingerprint, or the hub's revision.

    Args:
        weights: Where they are.
        config: The model's, as the runtime loaded it: some releases of transformers tell the revision there.
    """
    return weights.sha256 or _hub_revision(weights.location) or getattr(config, "_commit_hash", None)


def known_version(weights: Weights) -> str | None:
    """``version_of`` a model that need not be loaded for it.

    Raises:
        ChatModelError: The model is not on this machine.
    """
    if found := weights.sha256 or _hub_revision(weights.location):
        return found
    raise ChatModelError(f"The model {weights.location} is not on this machine: the first run fetches it.")


def _hub_revision(name: str) -> str | None:
    """Of the files in the hub's cache, where each revision has a folder of its own."""
    # Here: other runtimes need no hub.
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        path = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return None
    return Path(path).parent.name if isinstance(path, str) else None


def weight_files(folder: Path) -> list[Path]:
    """A model folder's files by name, those only that a runtime may load."""
    return sorted({file for part in _PARTS for file in folder.glob(part)})


def folder_sha256(folder: Path) -> str:
    """SHA-256 over the names and contents of a model folder's files.

    Contents and not sizes: a fine-tuned model has the size of its base. About a second a gigabyte.
    """
    total = hashlib.sha256()
    for file in weight_files(folder):
        with file.open("rb") as opened:
            total.update(f"{file.name}\n{hashlib.file_digest(opened, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()
