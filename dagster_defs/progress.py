"""One line a step on standard error, instead of Dagster's event stream."""

import logging
import sys

import dagster as dg


class _StepLines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        event: dg.DagsterEvent | None = getattr(record, "dagster_event", None)
        if event is None or event.event_type_value != "STEP_SUCCESS":
            return
        seconds = event.step_success_data.duration_ms / 1000
        print(f"    {event.step_key:<28} {seconds:7.1f} s", file=sys.stderr, flush=True)


@dg.logger(None, description="Prints one line when a step is done.")
def progress_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Chosen by the command line through run config."""
    logger = logging.Logger("persona_fidelity.progress", level=logging.DEBUG)
    logger.addHandler(_StepLines())
    return logger
