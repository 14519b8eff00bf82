"""Why a run failed, in one sentence."""

from __future__ import annotations

import re

import click
import dagster as dg

from dagster_defs.step_names import step_name
from python_assets.lake.errors import AGAIN, is_lost, said_by_postgresql
from python_assets.warehouse.file_errors import MORE_MEMORY, needs_memory

LONGEST = 600
_FAILURE = re.compile(r"^Failure in (\w+) (\S+)[^\n]*\n(.*?)(?=^Failure in |\Z)", re.DOTALL | re.MULTILINE)
_REPEATED = re.compile(r"(\w[\w ]* Error in \w+ \S+ \(\S+\)|compiled code at .*)")
_OWN = re.compile(r"(python_assets|dagster_defs)\.[\w.]+: ")
_NO_ROOM = re.compile(r"no space left|disk quota", re.IGNORECASE)


def first_cause(result: dg.ExecuteInProcessResult) -> str:
    """The first failed step's outermost error of ours, else the innermost of a library's, in one line."""
    for event in result.all_events:
        if event.is_step_failure:
            messages, error = ["unknown"], event.step_failure_data.error
            while error is not None:
                messages.append(error.message)
                error = error.cause
            # Ours says what to do; what caused it is a library's wording of the same.
            own = next(filter(_OWN.match, messages), None)
            return f"{step_name(event.step_key)} failed: {in_one_line(_OWN.sub('', own, count=1) if own else messages[-1])}"
        if event.event_type_value in {"RUN_FAILURE", "PIPELINE_FAILURE"} and event.message:
            return in_one_line(event.message)
    return "the run failed; look at it with `persona-fidelity dev`"


def in_one_line(message: str) -> str:
    """A library's message without line breaks; of dbt's many pages the first failure, and where the rest is."""
    text = click.unstyle(message)
    line = " ".join((_of_dbt(text) or text).split())[:LONGEST]
    # Ours says so already.
    if needs_memory(line) and MORE_MEMORY not in line:
        return f"{line}; {MORE_MEMORY}, and run the same command again"
    needs_room = _NO_ROOM.search(line) and "make room" not in text
    return f"{line}; make room on the disk and run the same command again" if needs_room else line


def _of_dbt(text: str) -> str | None:
    _, is_dbt, errors = text.partition("Errors parsed from dbt logs:")
    failures = _FAILURE.findall(errors)
    if not failures:
        if is_dbt and is_lost(errors):
            return f"PostgreSQL ended the connection while dbt was at work: {AGAIN}"
        return errors if is_dbt else None
    kind, name, said = failures[0]
    kind = "data test" if kind == "test" else kind
    if is_lost(said):
        return f"PostgreSQL ended the connection while dbt made {kind} {name}: {AGAIN}"
    if refused := said_by_postgresql(said):
        return f"PostgreSQL did not do what {kind} {name} needs ({refused}): see to that there, and run the same command again"
    reason = " ".join(line for line in map(str.strip, said.splitlines()) if line and not _REPEATED.fullmatch(line))
    more = f", and {len(failures) - 1} more" if len(failures) > 1 else ""
    log = re.search(r"dbt debug log: (\S+\.log)", text)
    return f"{kind} {name}: {reason[: LONGEST // 2]}{more}{f' (all of it: {log.group(1)})' if log else ''}"
