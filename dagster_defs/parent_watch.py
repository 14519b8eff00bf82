"""dbt, and a step in a process of its own, end with the process that started them: one that goes on alone is in the next run's way."""

from __future__ import annotations

import os
import signal
import threading
import time

from python_assets.processes import is_gone, this_process

PARENT_VARIABLE = "PERSONA_FIDELITY_PARENT"
"""Name of the process that started this one; without it, as in a shell, it goes on as long as it likes."""
LOOK_SECONDS = 0.5
"""Far less than another dbt takes to start."""


def name_parent() -> None:
    """Let what this process starts from now on know whom to end with."""
    os.environ[PARENT_VARIABLE] = this_process()


def end_with_parent(*, grace: float = 0.0) -> None:
    """End this process soon after the one that started it is gone.

    Args:
        grace: Seconds it has, after SIGTERM, to put away what it has; without any it ends at once.
    """
    parent = os.environ.get(PARENT_VARIABLE)
    if parent:
        _end_if_gone(parent, grace)
        threading.Thread(target=_watch, args=(parent, grace), name="parent watch", daemon=True).start()


def _watch(parent: str, grace: float) -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        _end_if_gone(parent, grace)


def _end_if_gone(parent: str, grace: float) -> None:
    if not is_gone(parent):
        return
    if grace:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
    # Whatever the other threads are in the middle of: a transaction is all or nothing.
    os._exit(1)
