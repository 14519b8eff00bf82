"""Signs of life: a file for each process of a run, in the folder of the run history, locked as long as the process lives.

The kernel gives a lock back however its process ends. So a sign tells of processes whose numbers mean nothing here: those of
another container, or from before this machine was last started. It does so where one kernel has the file system to itself;
elsewhere (NFS, FUSE, what the host of a virtual machine shares with it) a lock that somebody holds may not be seen, and no
sign counts. And it does so for what lies on the same file system: the copy of a disk has free locks and may lie in another
machine, but then it holds a copy of that, too, in which nobody works.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HISTORY_VARIABLE = "DAGSTER_HOME"
LOCAL = frozenset(["bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"])
"""Types of file systems that no two kernels have at once."""
KEPT_SECONDS = 30 * 86400
"""How long a sign stays that was given before: a killed process may have left more behind than a run."""

_held: dict[Path, int] = {}


def give(name: str) -> None:
    """Keep a process's sign until it ends; where none would count, none is given.

    Args:
        name: This process's, which no other has.
    """
    path = _path(name)
    if path is None or path in _held or not count(path.parent.parent):
        return
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Not before it is locked: who finds the file empty knows nothing yet.
            os.write(descriptor, _which(descriptor))
            # A power cut must not empty it.
            os.fsync(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        _held[path] = descriptor


def is_kept(name: str, at: Path) -> bool | None:
    """Whether the process that gave a sign keeps it still; None: it gave none, or none that counts here.

    Args:
        name: The process's.
        at: The file or folder that it may be at work with.
    """
    path = _path(name)
    if path is None:
        return None
    try:
        with _opened(path) as descriptor:
            which = _which(descriptor)
            # A copy, or a file that is seen by way of another file system, has a lock of its own.
            if not which or os.read(descriptor, 100) != which or os.fstat(descriptor).st_dev != at.stat().st_dev:
                return None
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def count(at: Path) -> bool:
    """Whether signs, and all other locks in the run history's folder, count for a file or folder."""
    folder = os.environ.get(HISTORY_VARIABLE)
    with suppress(OSError):
        if folder:
            with _opened(Path(folder)) as descriptor:
                return bool(_which(descriptor)) and os.fstat(descriptor).st_dev == at.stat().st_dev
    return False


def remove_old() -> None:
    """Remove the signs of processes that began a month ago or earlier and have ended."""
    any_name = _path("any")
    with suppress(OSError):
        for path in any_name.parent.iterdir() if any_name else ():
            if path.stat().st_mtime < time.time() - KEPT_SECONDS and is_kept(path.name, path) is False:
                path.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _path(name: str) -> Path | None:
    folder = os.environ.get(HISTORY_VARIABLE)
    return Path(folder, "alive", name) if folder and name and "/" not in name else None


def _which(descriptor: int) -> bytes:
    """Which file it is, for as long as it is there; nothing where locks do not tell.

    Raises:
        OSError: It cannot be told, as on a system without ``/proc``.
    """
    lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
    mount = next((line.split()[1] for line in lines if line.startswith("mnt_id:")), "")
    for line in Path("/proc/self/mountinfo").read_bytes().decode(errors="replace").splitlines():
        if mount and line.split()[0] == mount:
            kind = line.partition(" - ")[2].split()[0]
            return f"{kind} {os.fstat(descriptor).st_ino}".encode() if kind in LOCAL else b""
    return b""
