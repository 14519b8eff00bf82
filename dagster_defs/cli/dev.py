"""`dev`: the Dagster UI, one at a time for each folder of run history."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from dagster_defs.cli.options import study_options
from dagster_defs.workspace import PROJECT, Workspace

SENSOR_SECONDS = 180
"""For what a sensor's look reads, beside what it may wait for the warehouse."""


@contextmanager
def only_one(home: Path) -> Iterator[IO[str]]:
    """Two daemons of one history start each run twice (dagster-io/dagster#33962).

    Args:
        home: Where the history is.

    Yields:
        A locked file. The lock lasts until this process and those that inherit the file have ended, and says which one has it.

    Raises:
        click.ClickException: Another `dev` has this history.
    """
    with (home / "dev.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise click.ClickException(
                f"A Dagster UI with the run history in {home} is open already (process {lock.read() or 'unknown'}): use that "
                "one, end it, or set DAGSTER_HOME to another folder for a second one."
            ) from None
        except OSError:
            pass  # Not every file system has locks; there nobody is kept out.
        lock.truncate(0)
        yield lock


def require_free(port: int) -> None:
    """Dagster would go on without its UI.

    Raises:
        click.ClickException: Somebody listens there, or may not listen there.
    """
    with socket.socket() as listener:
        # As the server does: a port whose last connections are still being closed is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} cannot be used ({error.strerror}): open http://127.0.0.1:{port} if the UI runs there already, "
                "or choose another with --port."
            ) from error


@click.command()
@study_options
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on 127.0.0.1.")
def dev(_: Workspace, port: int) -> None:
    """Open the Dagster UI on this machine (127.0.0.1 only)."""
    # Which workspace it shows, Dagster's processes read from the environment.
    require_free(port)
    with only_one(Path(os.environ["DAGSTER_HOME"])) as lock, ending_killed_runs():
        sys.exit(serve(port, PROJECT, lock))


@contextmanager
def ending_killed_runs() -> Iterator[None]:
    """Dagster takes runs that a power cut or a `kill` ended for running ones, and would leave all others in its queue."""
    from dagster_defs.history import open_history
    from dagster_defs.processes import held_up_by, release_killed_runs, release_runs_of_ended_uis, releasing_killed_runs

    with open_history() as instance:
        release_killed_runs(instance)
        release_runs_of_ended_uis(instance)
        for line in held_up_by(instance):
            click.echo(line, err=True)
        with releasing_killed_runs(instance):
            yield


def stop_runs() -> None:
    """A run that went on by itself would hold its pools for hours, with no UI to end it in."""
    from dagster_defs.history import open_history
    from dagster_defs.processes import stop_runs_of_the_ui

    with open_history() as instance:
        for run in stop_runs_of_the_ui(instance):
            click.echo(f"Ends run {run[:8]}.", err=True)


def server_environment() -> dict[str, str]:
    """What Dagster's processes are started with."""
    from python_assets.warehouse.turn import wait_setting

    # Dagster gives a sensor's look a minute: less than what the look itself waits for the warehouse.
    limit = {"DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": f"{wait_setting() + SENSOR_SECONDS:.0f}"}
    # `dagster dev` recommends a newer command that needs another project layout: nothing a user could act on.
    # It starts its processes with `python -m`, which would look for modules among the user's files first.
    return limit | os.environ | {"PYTHONWARNINGS": "ignore::FutureWarning", "PYTHONSAFEPATH": "1"}


def serve(port: int, project: Path, lock: IO[str]) -> int:
    """Run Dagster until it ends; its exit code."""
    click.echo(f"Dagster UI: http://127.0.0.1:{port} (Ctrl-C ends it)")
    dagster = Path(sys.executable).with_name("dagster")
    command = [str(dagster), "dev", "-m", "dagster_defs.definitions", "-h", "127.0.0.1", "-p", str(port)]
    # The folder is Dagster's working directory, so that the project is importable where it is not installed.
    # A terminal's Ctrl-C and hang-up are for this process alone: Dagster's own, told by the terminal and once more by each
    # other, end with tracebacks. They go on when this process is killed, and so does the lock.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    with subprocess.Popen(
        [*command, "-d", str(project)], env=server_environment(), pass_fds=[lock.fileno()], process_group=0
    ) as server:
        print(f"{server.pid} on {socket.gethostname()}", end="", file=lock, flush=True)
        try:
            code = server.wait()
        except KeyboardInterrupt:
            # It has processes of its own, which it ends when it is asked to, not when it is killed; but not its runs.
            try:
                stop_runs()
            finally:
                server.terminate()
                server.wait()
            raise
    return code
