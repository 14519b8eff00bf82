"""Names of processes, whether one is gone, also when its number belongs to another by now, and how to end it."""

from __future__ import annotations

import socket

import psutil


def this_process() -> str:
    """Its name: machine, process number, and seconds from the machine's start to the process's."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{_seconds_after_boot(process):.2f}"


def is_gone(name: str) -> bool:
    """Whether a process of this machine has ended; nothing is known of other machines'."""
    host, _, rest = name.partition(":")
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


def end(name: str) -> bool:
    """Ask a process of this machine to end (SIGTERM); whether there was one to ask."""
    host, _, rest = name.partition(":")
    if host != socket.gethostname() or is_gone(name):
        return False
    try:
        psutil.Process(int(rest.partition(":")[0])).terminate()
    except psutil.Error:
        return False
    return True


def _seconds_after_boot(process: psutil.Process) -> float:
    # The difference stays when the clock is set.
    boot = psutil.boot_time()
    return process.create_time() - boot
