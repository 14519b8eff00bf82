"""Commands for the tests of signals: each says when it is ready, and heeds a signal in its own way."""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress

import click

from dagster_defs.cli import stopping
from dagster_defs.cli.errors import SentenceGroup


@click.group(cls=SentenceGroup)
def main() -> None:
    """Stands in for the real command."""


@main.command()
def heeds() -> None:
    """An ordinary command."""
    print("ready", flush=True)
    time.sleep(60)


@main.command()
def fails() -> None:
    """What a signal hits fails in its own words, as DuckDB's queries do."""
    print("ready", flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None


@main.command()
def dagster() -> None:
    """Dagster's handlers are in the place of ours, and the first interrupt is put off."""
    from dagster._utils.interrupts import capture_interrupts

    with capture_interrupts():
        pass
    with capture_interrupts():
        print("ready", flush=True)
        time.sleep(2)
    raise ValueError("a step failed")


@main.command()
def captures() -> None:
    """What is printed is kept by Dagster's helper processes, which a terminal interrupts too."""
    from dagster_defs.compute_logs import ComputeLogManager

    with tempfile.TemporaryDirectory() as folder, ComputeLogManager(base_dir=folder).capture_logs(["step"]):
        time.sleep(1)
        print("ready", flush=True)
        time.sleep(60)


class Slow:
    """Takes its time to go."""

    def __del__(self) -> None:
        print("ready", flush=True)
        time.sleep(60)


@main.command()
def finalises() -> None:
    """The exception hits a finaliser, which Python lets none leave; the signal comes again to the work behind it."""
    stopping.GRACE_SECONDS = 30.0
    slow = Slow()
    del slow
    time.sleep(60)


@main.command()
def reads() -> None:
    """Who reads a process's words is closed, and goes on, as dagster-dbt's reader of dbt does."""

    def words() -> Iterator[str]:
        try:
            yield "word"
        except BaseException:
            yield "no JSON"

    for _ in words():
        print("ready", flush=True)
        time.sleep(60)


class Leaves:
    """Tries to end the process from where no exception gets out."""

    def __del__(self) -> None:
        sys.exit(3)


@main.command()
def tidies() -> None:
    """A finaliser was no signal's doing, and the tidying up after a signal that comes later is not interrupted."""
    leaves = Leaves()
    del leaves
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        time.sleep(2)
        print("tidied", flush=True)


@main.command()
def swallows() -> None:
    """The exception is lost, and the work goes on."""
    stopping.GRACE_SECONDS = 1.0
    print("ready", flush=True)
    while True:
        with suppress(KeyboardInterrupt):
            time.sleep(60)


@main.command()
def leaks() -> None:
    """Ends with a lock that nobody gave back, of each of the two kinds that a process of its own keeps account of."""
    from joblib.externals.loky.backend.synchronize import Lock

    stopping.GRACE_SECONDS = 1.0
    locks = multiprocessing.get_context("spawn").Lock(), Lock()
    print("ready", flush=True)
    while locks:
        with suppress(KeyboardInterrupt):
            time.sleep(60)


if __name__ == "__main__":
    sys.exit(main())
