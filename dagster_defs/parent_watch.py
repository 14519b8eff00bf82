"""dbt ends with the process that started it: one that goes on alone would build beside the next run's."""

from __future__ import annotations

import os
import threading
import time

from python_assets.processes import is_gone, this_process

PARENT_VARIABLE = "PERSONA_FIDELITY_DBT_PARENT"
"""Name of the process that started dbt; without it, as in a shell, dbt goes on as long as it likes."""
LOOK_SECONDS = 0.5
"""Far less than another dbt takes to start."""


def name_parent() -> None:
    """Let what this process starts from now on know whom to end with."""
    os.environ[PARENT_VARIABLE] = this_process()


def end_with_parent() -> None:
    """End this process soon after the one that started it is gone."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent:
        _end_if_gone(parent)
        threading.Thread(target=_watch, args=(parent,), name="parent watch", daemon=True).start()


def _watch(parent: str) -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        _end_if_gone(parent)


def _end_if_gone(parent: str) -> None:
    if is_gone(parent):
        # At once, whatever the other threads are in the middle of: a transaction is all or nothing.
        os._exit(1)
