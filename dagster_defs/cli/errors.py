"""Errors as one sentence with exit code 1; a traceback only with --debug."""

from __future__ import annotations

import sys
from typing import Any

import click


class SentenceGroup(click.Group):
    """Catches what a command raises; usage errors stay click's own (exit code 2)."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("Interrupted. What was finished is kept: run the same command again to go on.", err=True)
            sys.exit(1)
        except Exception as error:
            if (context.obj or {}).get("debug"):
                raise
            click.echo(f"Error: {sentence(error)}", err=True)
            sys.exit(1)


def sentence(error: Exception) -> str:
    """An exception as one line, with its kind where its own words would not be understood alone."""
    text = " ".join(str(error).split()) or type(error).__name__
    own = type(error).__module__.split(".")[0] in {"python_assets", "dagster_defs"}
    return text if own else f"{text} ({type(error).__name__}; --debug before the command shows where)"
