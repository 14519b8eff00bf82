"""A process that lives as in another container, says its name, and waits to be killed.

python -m tests.elsewhere HOST          # the container is pretended
unshare ... python -m tests.elsewhere   # it has namespaces of its own
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import psutil

from python_assets import processes

PROJECT = Path(__file__).parent.parent
NAMESPACES = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--uts", "--mount-proc"]


def main(host: str | None = None) -> None:
    """Do it; the history is the environment's."""
    if host:
        mock.patch.object(socket, "gethostname", return_value=host).start()
        mock.patch.object(processes, "_place", return_value="another").start()
    print(processes.give_sign(), flush=True)
    input()


@contextmanager
def process_elsewhere(host: str, *, real: bool = False) -> Iterator[tuple[str, psutil.Process]]:
    """Its name and itself.

    Args:
        host: What the machine is called there.
        real: In namespaces of its own for process numbers and the machine's name, as `docker run` makes them.
    """
    command = [sys.executable, "-m", "tests.elsewhere"]
    if real:
        command = [*NAMESPACES, "sh", "-c", f'hostname {host}; exec "$@"', "sh", *command]
    else:
        command.append(host)
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            name = started.stdout.readline().strip()
            assert name.startswith(f"{host}:"), name
            itself = psutil.Process(started.pid)
            yield name, itself.children()[0] if real else itself
        finally:
            started.kill()


def can_unshare() -> bool:
    """Whether this machine lets its users make namespaces."""
    try:
        return subprocess.run([*NAMESPACES, "hostname", "c0ffee"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
