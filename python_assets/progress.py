"""Progress bars on the terminal, also inside a step of Dagster, which puts a pipe in place of standard error."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TextIO

from tqdm import tqdm


@cache
def terminal() -> TextIO | None:
    """The terminal that standard error was when this was first called; None when it was none.

    Who runs steps calls it beforehand.
    """
    return os.fdopen(os.dup(sys.stderr.fileno()), "w") if sys.stderr.isatty() else None


def progress_bar(label: str, *, total: int, done: int = 0, unit: str, show: bool = True) -> tqdm:  # type: ignore[type-arg]
    """A bar that leaves nothing behind; silent where there is no terminal.

    Args:
        label: What is being done.
        total: All of it.
        done: What was done before.
        unit: What is counted.
        show: False keeps it silent.
    """
    return tqdm(
        desc=label,
        total=total,
        initial=done,
        unit=unit,
        file=terminal(),
        disable=not (show and terminal()),
        leave=False,
        dynamic_ncols=True,
    )
