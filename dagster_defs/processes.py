"""Which process a run of the command line lives in, and whether it is gone: also when its number belongs to another by now."""

from __future__ import annotations

import socket

import dagster as dg
import psutil

PROCESS_TAG = "persona_fidelity/process"
"""Run tag: machine, process number, and seconds from the machine's start to the process's."""


def this_process() -> str:
    """What the tag says of a run in this process."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{_seconds_after_boot(process):.2f}"


def is_gone(tag: str) -> bool:
    """Whether a process of this machine has ended; nothing is known of other machines'."""
    host, _, rest = tag.partition(":")
    number, _, started = rest.partition(":")
    if host != socket.gethostname() or not number:
        return False
    try:
        process = psutil.Process(int(number))
        # A container gives the same low numbers again each time it starts; and it may never bury its dead.
        is_other = bool(started) and abs(float(started) - _seconds_after_boot(process)) > 1
        return is_other or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def release_killed_runs(instance: dg.DagsterInstance) -> None:
    """Give back the pool slots of runs whose process on this machine is gone: Dagster would wait for them for ever."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    for run in instance.get_runs(unfinished):
        if is_gone(run.tags.get(PROCESS_TAG, "")):
            instance.report_run_failed(run, "The process of this run was killed.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _seconds_after_boot(process: psutil.Process) -> float:
    # The difference stays when the clock is set.
    boot = psutil.boot_time()
    return process.create_time() - boot
