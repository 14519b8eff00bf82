"""Names of processes, whether one lives, also when its number belongs to another by now, and how to end it.

A number tells only where it was given: on the same machine, since that was started, in the same container. Of all others a
sign (``python_assets.signs``) tells, where it counts. Where neither does, nothing is known: the process may live.
"""

from __future__ import annotations

import os
import socket
from enum import Enum, auto
from functools import cache
from hashlib import sha256
from pathlib import Path

import psutil

from python_assets import signs

BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACES = (Path("/proc/self/ns/pid"), Path("/proc/self/ns/time"))
"""What makes process numbers, and times since the start, a container's own."""


class Life(Enum):
    """What is known of a process."""

    GOES_ON = auto()
    GONE = auto()
    UNKNOWN = auto()


def this_process() -> str:
    """Its name: machine, process number, seconds from the machine's start to the process's, and where these two hold."""
    return _name(os.getpid())


def give_sign() -> str:
    """Let others see, also from another container, that this process lives: for one that they may have to wait for.

    Returns:
        Its name.
    """
    signs.give(this_process())
    return this_process()


def life_of(name: str, *, at: Path | None = None) -> Life:
    """What is known here of a process.

    Args:
        name: Its name; of an empty one nothing is known.
        at: The file or folder that it may be at work with; without it no sign counts.
    """
    _, number, started, place = _parts(name)
    if number and place == _place():
        life = _life_of_number(int(number), started)
        if life != Life.UNKNOWN:
            return life
    kept = signs.is_kept(name, at) if at else None
    return Life.UNKNOWN if kept is None else Life.GOES_ON if kept else Life.GONE


def is_gone(name: str, *, at: Path | None = None) -> bool:
    """Whether a process is known to have ended; the arguments are those of ``life_of``."""
    return life_of(name, at=at) == Life.GONE


def end(name: str) -> bool:
    """Ask a process to end (SIGTERM), if its number is known to be its own; whether there was one to ask."""
    _, number, started, place = _parts(name)
    if not number or place != _place() or _life_of_number(int(number), started) != Life.GOES_ON:
        return False
    try:
        psutil.Process(int(number)).terminate()
    except psutil.Error:
        return False
    return True


def for_people(name: str) -> str:
    """A process's number and machine."""
    host, number, _, _ = _parts(name)
    return f"process {number or 'unknown'} on {host or 'an unknown machine'}"


@cache
def _name(number: int) -> str:
    # Once: the machine may be given another name meanwhile.
    return f"{socket.gethostname()}:{number}:{_seconds_after_boot(psutil.Process(number)):.2f}:{_place()}"


def _parts(name: str) -> tuple[str, str, str, str]:
    host, number, started, place = (*name.split(":"), "", "", "", "")[:4]
    return host, number if number.isdecimal() else "", started, place


def _place() -> str:
    """Sixteen hex digits that all processes have in common that can know each other by their numbers."""
    try:
        boot = BOOT.read_text().strip()
    except OSError:
        boot = f"{socket.gethostname()} {psutil.boot_time():.0f}"
    spaces = [os.readlink(path) for path in NAMESPACES if os.path.lexists(path)]
    return sha256(" ".join([boot, *spaces]).encode()).hexdigest()[:16]


def _life_of_number(number: int, started: str) -> Life:
    try:
        process = psutil.Process(number)
        # A container gives the same low numbers again each time it starts; and it may never bury its dead.
        is_other = bool(started) and abs(float(started) - _seconds_after_boot(process)) > 1
        return Life.GONE if is_other or process.status() == psutil.STATUS_ZOMBIE else Life.GOES_ON
    except psutil.ZombieProcess:
        return Life.GONE
    except psutil.NoSuchProcess:
        return Life.UNKNOWN if _is_hidden(number) else Life.GONE
    except psutil.AccessDenied:
        return Life.UNKNOWN


def _is_hidden(number: int) -> bool:
    # Mounted with hidepid, /proc shows nobody the processes of others.
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _seconds_after_boot(process: psutil.Process) -> float:
    # The difference stays when the clock is set.
    boot = psutil.boot_time()
    return process.create_time() - boot
