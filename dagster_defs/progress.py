"""One line a step on standard error, and what an asset warns of, instead of Dagster's event stream.

Where there is no terminal, and so no progress bar, also what an asset says of its progress.
"""

import logging
import sys

import dagster as dg

from dagster_defs.checks import CHECKS
from dagster_defs.step_names import step_name
from python_assets.progress import terminal

_CHECKS = {check.node_def.name for check in CHECKS}
_WORTH_A_LINE = 5.0
"""Seconds of a check; there is one after nearly every step, and those that fail are told in the end."""


class _StepLines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        event: dg.DagsterEvent | None = getattr(record, "dagster_event", None)
        quiet = terminal() or hasattr(record, "of_a_tool")
        said = logging.WARNING if quiet else logging.INFO
        if event is None and said <= record.levelno <= logging.WARNING:
            message = getattr(record, "dagster_meta", {}).get("orig_message", record.getMessage())
            print(f"    {message}", file=sys.stderr, flush=True)
        if event is None or event.event_type_value != "STEP_SUCCESS":
            return
        seconds = event.step_success_data.duration_ms / 1000
        if event.step_key in _CHECKS and seconds < _WORTH_A_LINE:
            return
        print(f"    {step_name(event.step_key):<28} {seconds:7.1f} s", file=sys.stderr, flush=True)


def _mark(record: logging.LogRecord) -> bool:
    """Dagster's tools have a logger of their own, on which dagster-dbt tells whole command lines; warnings are shown."""
    record.__dict__["of_a_tool"] = True
    return True


@dg.logger(None, description="Prints one line when a step is done, and warnings.")
def progress_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Chosen by the command line through run config."""
    logger = logging.Logger("persona_fidelity.progress", level=logging.DEBUG)
    logger.addHandler(_StepLines())
    dg.get_dagster_logger().addFilter(_mark)
    return logger
