"""What steps print, kept for the UI; chosen in dagster.yaml."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._serdes import ConfigurableClassData


class ComputeLogManager(LocalComputeLogManager):
    """Dagster's own, whose helper processes do not heed Ctrl-C.

    A terminal interrupts every process of a command. Two of the helpers are Python scripts that would answer with a
    traceback each; Dagster ends them itself when the step ends.
    """

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No settings: the files are where Dagster keeps them by default."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> ComputeLogManager:
        """In the folder ``storage`` of DAGSTER_HOME."""
        return cls(base_dir=str(Path(os.environ["DAGSTER_HOME"]) / "storage"), inst_data=inst_data, **config_value)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:  # type: ignore[override]
        """Keep what is printed until the end; processes inherit what is blocked while they are started."""
        with ExitStack() as stack:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                context = stack.enter_context(super().capture_logs(log_key))
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            yield context
