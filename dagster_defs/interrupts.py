"""Imported first by what Dagster loads for `dev`: its processes end without a traceback when they are stopped meanwhile."""

from __future__ import annotations

import sys
from types import TracebackType

from dagster._core.errors import DagsterExecutionInterruptedError

STOPPED = (KeyboardInterrupt, DagsterExecutionInterruptedError)
_before = sys.excepthook


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None, /) -> None:
    """What an interrupt hit that nobody caught is of no interest to who pressed Ctrl-C."""
    if not issubclass(kind, STOPPED):
        _before(kind, error, trace)


sys.excepthook = _hook
