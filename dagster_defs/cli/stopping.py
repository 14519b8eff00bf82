"""Ctrl-C and SIGTERM: both end a command in the same way, and which one came is known afterwards."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

STOPPED = "Stopped. What was finished is kept: run the same command again to go on."
GRACE_SECONDS = 20.0
"""Time for tidying up after a signal. Every write is one transaction, so ending in the middle of it loses nothing."""
NUMBERS = (signal.SIGINT, signal.SIGTERM)
TRACKERS = ("multiprocessing.resource_tracker", "joblib.externals.loky.backend.resource_tracker")
"""They outlive a command that was stopped, and say below its last sentence what they tidy up after it."""
IGNORED_CLOSE = "generator ignored GeneratorExit"
"""Python's words when an interrupt hit who reads what dbt says: dagster-dbt's reader goes on when it is to be closed."""


class _Signals:
    """What has come through the interpreter's wake-up pipe."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        for end in (self.reader, self.writer):
            os.set_blocking(end, False)
        self.over = threading.Event()
        self.swallowed = threading.Event()
        self._seen: list[int] = []
        self._repeated = 0

    def received(self) -> list[int]:
        """Numbers of the signals so far."""
        with suppress(BlockingIOError):
            self._seen.extend(number for number in os.read(self.reader, 4096) if number in NUMBERS)
        return self._seen

    def watch(self) -> None:
        """Repeat a signal that was swallowed; end the process when none ends the command, or when a second one comes."""
        while not self.over.is_set() and not self.received():
            select.select([self.reader], [], [], 1.0)
        for _ in range(int(GRACE_SECONDS / 0.5)):
            if self.over.wait(0.5):
                return
            if len(self.received()) > 1 + self._repeated:
                break
            if self.swallowed.is_set():
                self.swallowed.clear()
                self._repeated += 1
                os.kill(os.getpid(), self._seen[0])
        if not self.over.is_set():
            sys.stderr.write(STOPPED + "\n")
            sys.stderr.flush()
            os._exit(128 + self._seen[0])


@contextmanager
def _swallowed_interrupts(signals: _Signals) -> Iterator[None]:
    """Note an interrupt that hit a finaliser or a callback of a weak reference, out of which Python lets no exception."""
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs, /) -> None:
        # Interrupts, Dagster's own too, are no Exception; nor is SystemExit, which may come without a signal.
        if not signals.received():
            before(unraisable)
        elif not issubclass(unraisable.exc_type, Exception):
            signals.swallowed.set()
        elif str(unraisable.exc_value) != IGNORED_CLOSE:
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def stop_signals() -> Iterator[Callable[[], int | None]]:
    """While it is open, SIGTERM interrupts like Ctrl-C, and a command that does not heed it is ended.

    Yields:
        A function that gives the number of the first of the two signals that came, or None.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    # Dagster puts its own handlers in the place of ours while it runs, and ends with SIGINT's for both: only the
    # interpreter's wake-up pipe sees every signal. A shell that starts a command in the background has SIGINT ignored,
    # and Dagster would then leave SIGTERM ignored too.
    # Read when a tracker starts, which is later; it stays set, as the tracker speaks when all else is over.
    silent = (f"ignore::UserWarning:{tracker}" for tracker in TRACKERS)
    sys.warnoptions.extend(option for option in silent if option not in sys.warnoptions)
    signals = _Signals()
    handlers = {number: signal.signal(number, signal.default_int_handler) for number in NUMBERS}
    wakeup = signal.set_wakeup_fd(signals.writer, warn_on_full_buffer=False)
    # An exception out of a handler can be swallowed, or leave a lock of a thread pool held, in any library.
    watcher = threading.Thread(target=signals.watch, name="stop-signals", daemon=True)
    watcher.start()
    try:
        with _swallowed_interrupts(signals):
            yield lambda: next(iter(signals.received()), None)
    finally:
        signals.over.set()
        signal.set_wakeup_fd(wakeup)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(signals.writer)
        watcher.join()
        os.close(signals.reader)
