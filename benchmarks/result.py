"""One row of the benchmark table, and how it is measured."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, Literal, NamedTuple


class Result(NamedTuple):
    """One comparison, both sides measured in the same run.

    Attributes:
        what: What was compared.
        sizes: On how much of what.
        value: The figure that has a goal: a ratio of two times, seconds, MiB or a share.
        unit: Unit of ``value``.
        goal: What it should be.
        bound: Whether ``goal`` is a least or a most.
        details: Times and further figures behind the value.
    """

    what: str
    sizes: str
    value: float
    unit: Literal["times", "s", "MiB", "share"]
    goal: float
    bound: Literal["at least", "at most"]
    details: dict[str, float | int | str]

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value >= self.goal if self.bound == "at least" else self.value <= self.goal


class Apart(NamedTuple):
    """What a function did in a process of its own."""

    value: Any
    seconds: float
    peak_mib: float


def seconds_of(function: Callable[[], object], *, repeats: int = 1) -> float:
    """Median time of some calls."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def run_apart(function: Callable[..., Any], **arguments: Any) -> Apart:
    """Call a function of a module in a fresh process, so that its peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(sender, function, arguments))
    process.start()
    sender.close()
    try:
        result = receiver.recv()
    except EOFError:
        sys.exit(f"{function.__name__} ended without a result; its error is above")
    process.join()
    return Apart(*result)


def _report(sender: Any, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    begun = time.perf_counter()
    value = function(**arguments)
    seconds = time.perf_counter() - begun
    sender.send((value, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
