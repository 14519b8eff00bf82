"""Errors as one sentence with exit code 1; a traceback only with --debug."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, NoReturn

import click

from dagster_defs.cli.stopping import STOPPED, stop_signals

_HISTORY = re.compile(r"\(sqlite3\.\w+\) ([^\[\n]+)")
"""What SQLite says of Dagster's history, without the statement that it could not do."""


class SentenceGroup(click.Group):
    """Catches what a command raises; usage errors stay click's own (exit code 2)."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        with stop_signals() as received:
            try:
                return super().invoke(context)
            except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
                # click ends quietly when who reads the output, such as `head`, has seen enough.
                raise
            except KeyboardInterrupt:
                _stop(received())
            except Exception as error:
                # What a signal breaks off fails in the words of the library that it hit.
                if signal_number := received():
                    _stop(signal_number)
                if (context.obj or {}).get("debug"):
                    raise
                click.echo(f"Error: {sentence(error)}", err=True)
                sys.exit(1)


def _stop(signal_number: int | None) -> NoReturn:
    click.echo(STOPPED, err=True)
    # The shell's own convention: 130 for Ctrl-C, 143 for SIGTERM.
    sys.exit(128 + (signal_number or 2))


def sentence(error: Exception) -> str:
    """An exception as one line, with its kind where its own words would not be understood alone."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename} cannot be used ({error.strerror}): check its permissions, or name another place."
    if history := _HISTORY.search(str(error)):
        return (
            f"Dagster's history in {os.environ.get('DAGSTER_HOME', 'DAGSTER_HOME')} cannot be used ({history[1].strip()}): see that "
            "the folder is there and has room, and run the same command again; what was finished is kept."
        )
    text = " ".join(str(error).split()) or type(error).__name__
    own = type(error).__module__.split(".")[0] in {"python_assets", "dagster_defs"}
    return text if own else f"{text} ({type(error).__name__}; --debug before the command shows where)"
