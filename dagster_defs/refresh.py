"""The whole study brought up to date, as a job that a sensor starts: what `run --keep-going` does, in a process of its own."""

import os
import subprocess
import sys

import dagster as dg

from dagster_defs.resources import WarehouseResource

COMMAND = (sys.executable, "-c", "from dagster_defs.cli import main; main()", "run", "--keep-going")
ERROR = "Error: "
REFUSED = (1, 2)
"""Exit codes with an error as the last line."""
STOPPED = (130, 143)
"""Exit codes after Ctrl-C and SIGTERM."""


@dg.op(description="`persona-fidelity run --keep-going`, with the study and the warehouse of this UI.")
def bring_up_to_date(context: dg.OpExecutionContext, warehouse: WarehouseResource) -> None:
    """Its steps are runs of their own; what it says of them is this run's log.

    The warehouse is asked for so that this run, too, names its process.
    """
    # The user's folder may hold a file with the name of a module.
    environment = os.environ | {"PYTHONSAFEPATH": "1"}
    said, error = "", ""
    with subprocess.Popen(
        COMMAND, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        try:
            for line in run.stderr:
                said = line.strip() or said
                error = said if said.startswith(ERROR) else error
                context.log.info(line.rstrip())
        except BaseException:
            # Whoever ends this run means what it does.
            run.terminate()
            raise
    if run.returncode:
        # What a process that it started has said is no reason where it was itself killed.
        why = error.removeprefix(ERROR) if run.returncode in REFUSED else ""
        raise dg.Failure(why or _ended(run.returncode, said))


def _ended(code: int, last_said: str) -> str:
    """How `run` ended that gave no error: unless it was stopped, its last line is only what it was at then."""
    if code in STOPPED and last_said:
        return last_said
    how = f"Signal {-code} ended `run`" if code < 0 else f"`run` ended with exit code {code}"
    return f"{how}, which last said: {last_said}" if last_said else f"{how}."


@dg.job(
    description="Brings everything up to date: whatever is due of `prepare`, `encode`, `evaluate` and `publish`, in this order."
)
def refresh() -> None:
    """One step."""
    bring_up_to_date()
