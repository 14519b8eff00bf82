"""The command `persona-fidelity`. Heavy imports happen inside a command, so that help is quick."""

from __future__ import annotations

import faulthandler
import os
import sys

import click

from dagster_defs.cli.data import ingest, simulate
from dagster_defs.cli.dev import dev
from dagster_defs.cli.doctor import doctor
from dagster_defs.cli.errors import SentenceGroup
from dagster_defs.cli.estimate import estimate
from dagster_defs.cli.fetch import fetch
from dagster_defs.cli.graph import run
from dagster_defs.cli.imports import import_personas, import_ratings
from dagster_defs.cli.reading import report, status
from dagster_defs.cli.sql import sql
from dagster_defs.cli.upkeep import tidy

EPILOG = "Exit codes: 0 success, 1 bad input or a failed step (one sentence says what to do), 2 bad usage, 130 or 143 stopped."


@click.group(cls=SentenceGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="persona-fidelity")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def main(context: click.Context, debug: bool) -> None:
    """Is this population of LLM personas a faithful stand-in for these real users?"""
    context.obj = {"debug": debug}
    # A crash in native code, in dbt or a run of the UI too, says nothing by itself.
    os.environ.setdefault("PYTHONFAULTHANDLER", "1")
    if sys.__stderr__ is not None and not faulthandler.is_enabled():
        faulthandler.enable(sys.__stderr__)


for command in (
    run,
    dev,
    fetch,
    ingest,
    import_personas,
    import_ratings,
    simulate,
    estimate,
    status,
    report,
    sql,
    tidy,
    doctor,
):
    main.add_command(command)
