"""When other processes are at the warehouse: waiting for its file, and asking for it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from python_assets.warehouse.file_errors import WarehouseError

WAIT_VARIABLE = "PERSONA_FIDELITY_WAIT"
DEFAULT_WAIT_SECONDS = 120.0
# A writer is done in less; whoever waits longer wants to know for whom.
SILENT_SECONDS = 3.0
# Opening a locked file costs a millisecond: asking often finds the gaps between two writes of another process.
LONGEST_PAUSE = 0.1
ASKED_SECONDS = 1.0
"""How long an asking counts: whoever waits asks again all the time, and one that was killed does not."""


class Work(StrEnum):
    """What writers do, of which there may be several at a lake: those who do the same take turns."""

    WRITES = "writes"
    """What takes a moment."""
    FILES = "files"
    """Files that are read in or taken out."""
    MODELS = "models"
    """dbt."""
    UPKEEP = "upkeep"


class Turn:
    """Waiting for one's turn: short pauses, one message, a limit.

    Args:
        seconds: The limit.
        tell: Gets the message.
        file: What is waited for, when its holder may look whether anybody asks for it.
    """

    def __init__(self, seconds: float, tell: Callable[[str], None], file: Path | None = None) -> None:
        self._started, self._seconds, self._tell = time.monotonic(), seconds, tell
        self._pause, self._told = 0.02, False
        self._file, self._asked = file, False

    def wait(self, why: str) -> bool:
        """Sleep a little; False when the time is over."""
        waited = time.monotonic() - self._started
        if waited > self._seconds:
            return False
        if waited > SILENT_SECONDS and not self._told:
            self._tell(f"{why}: waiting up to {self._seconds:.0f} s for it.")
            self._told = True
        self._ask()
        time.sleep(self._pause * random.uniform(0.5, 1.5))
        self._pause = min(self._pause * 1.6, LONGEST_PAUSE)
        return True

    def over(self) -> None:
        """Ask no more; others who wait ask again in a moment."""
        if self._asked and self._file:
            with suppress(OSError):
                _asking(self._file).unlink(missing_ok=True)

    def _ask(self) -> None:
        if self._file:
            # Without the right to write there nobody can be asked; waiting goes on all the same.
            with suppress(OSError):
                _asking(self._file).touch()
                self._asked = True


def wait_setting() -> float:
    """Seconds to wait for one's turn.

    Raises:
        WarehouseError: PERSONA_FIDELITY_WAIT is not a number of seconds.
    """
    value = os.environ.get(WAIT_VARIABLE) or str(DEFAULT_WAIT_SECONDS)
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise WarehouseError(f"{WAIT_VARIABLE} is {value!r}: set it to a number of seconds, such as 120.")
    return seconds


def is_asked_for(file: Path | str) -> bool:
    """Whether another process waits for a file."""
    with suppress(OSError):
        return time.time() - _asking(Path(file)).stat().st_mtime < ASKED_SECONDS
    return False


def _asking(file: Path) -> Path:
    # Who holds the file may have opened it by another name.
    real = file.resolve()
    return real.with_name(f".{real.name}.asked")
