"""Waiting for a warehouse file that another process holds."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

# A writer is done in less; whoever waits longer wants to know for whom.
SILENT_SECONDS = 3.0
# Opening a locked file costs a millisecond: asking often finds the gaps between two writes of another process.
LONGEST_PAUSE = 0.1


class Turn:
    """Waiting for one's turn: short pauses, one message, a limit."""

    def __init__(self, seconds: float, tell: Callable[[str], None]) -> None:
        self._started, self._seconds, self._tell = time.monotonic(), seconds, tell
        self._pause, self._told = 0.02, False

    def wait(self, why: str) -> bool:
        """Sleep a little; False when the time is over."""
        waited = time.monotonic() - self._started
        if waited > self._seconds:
            return False
        if waited > SILENT_SECONDS and not self._told:
            self._tell(f"{why}: waiting up to {self._seconds:.0f} s for it.")
            self._told = True
        time.sleep(self._pause * random.uniform(0.5, 1.5))
        self._pause = min(self._pause * 1.6, LONGEST_PAUSE)
        return True


def holder(error: Exception) -> str:
    """Who holds the file, as far as DuckDB's error says."""
    found = re.search(r"\(PID (\d+)\)(?: by user ([^\s.]+))?", str(error))
    if not found:
        return "another process"
    process, user = found.groups()
    return f"process {process}" + (f" of {user}" if user else "")
