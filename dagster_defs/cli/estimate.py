"""`estimate`: what a study will cost, before it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import click

from dagster_defs.cli.options import study_options
from dagster_defs.workspace import Workspace, code_version


@click.command()
@study_options
@click.option(
    "--requests-per-second",
    "per_second",
    type=click.FloatRange(min=0, min_open=True),
    help="Speed of every model, instead of what was seen in the warehouse.",
)
def estimate(workspace: Workspace, per_second: float | None) -> None:
    """Say how many LLM requests and encoder trainings a study still needs, and how long they take.

    Nothing is run. Once the corpus is there (`run --until prepare`) the requests are those that a run would make, and
    before it the study's own sizes are taken; before a model or an encoder has run once, its time is unknown.
    """
    from python_assets.estimate import requests_of, trainings_of
    from python_assets.prepared import require_prepared
    from python_assets.warehouse import Warehouse
    from python_assets.warehouse.file_errors import NoWarehouseError, WarehouseError
    from python_assets.warehouse.layout import require_known_layout

    target: Warehouse | None = workspace.warehouse
    try:
        workspace.warehouse.rows("select 1")
        require_known_layout(workspace.warehouse)
        click.echo(f"study {workspace.study.name}, with what is in {workspace.address}")
    except NoWarehouseError:
        target = None
        click.echo(f"study {workspace.study.name}, before its first run")
    try:
        if target:
            require_prepared(target, workspace.study)
    except WarehouseError:
        click.echo("The corpus there is of other settings: `run --until prepare` first for exact numbers.")
    requests = requests_of(workspace.study, target, per_second=per_second, is_done=steps_left_out(workspace))
    if requests:
        lines: list[tuple[str, ...]] = [
            ("population", "split", "asks", "model", "requests", "answered", "prompt tokens", "time left")
        ]
        lines += [
            (
                part.population,
                part.split,
                part.purpose,
                part.model.rsplit("/", 1)[-1],
                f"{part.n_wanted:,}",
                f"{part.n_answered:,}",
                f"{'' if part.is_measured else 'about '}{part.n_left * part.prompt_tokens:,.0f}",
                _duration(part.seconds),
            )
            for part in requests
        ]
        click.echo("\n" + _table(lines, n_texts=4))
        left = sum(part.n_left for part in requests)
        click.echo(
            f"At most {left:,} requests are left, with {sum(part.n_left * part.prompt_tokens for part in requests) / 1e6:,.1f} "
            f"million prompt tokens: {_sum(part.seconds for part in requests)}. Populations that would ask the same share "
            "their answers."
        )
    else:
        click.echo("\nNo population asks an LLM.")
    trainings = trainings_of(workspace.study, target, code_version=code_version())
    trained: list[tuple[str, ...]] = [("split", "instrument", "trainings", "done", "pairs", "epochs", "time left")]
    trained += [
        (
            part.split,
            part.instrument,
            str(part.n_wanted),
            str(part.n_done),
            "-" if part.n_pairs is None else f"{part.n_pairs:,}",
            f"{part.max_epochs}",
            _duration(part.seconds),
        )
        for part in trainings
    ]
    click.echo("\n" + _table(trained, n_texts=2))
    click.echo(f"Encoders, if none stops early: {_sum(part.seconds for part in trainings)}.")


def steps_left_out(workspace: Workspace) -> Callable[[str, str], bool]:
    """Whether a run would leave out a population on a split; looked up when it is first asked.

    Args:
        workspace: Study, files and warehouse.

    Returns:
        A function of split and population. Where it cannot be known beforehand, it says no.
    """

    @cache
    def left_out() -> set[str]:
        from dagster_defs.plan import plan, unchanged_steps
        from dagster_defs.run_state import CANNOT_LOOK

        try:
            steps = unchanged_steps(plan(workspace.study, until="evaluate"), workspace)
        except CANNOT_LOOK:
            return set()
        return {step.stage.partition for step in steps if step.job == "evaluate"}

    return lambda split, population: f"{population}|{split}" in left_out()


def _table(lines: list[tuple[str, ...]], *, n_texts: int) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < n_texts else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _sum(seconds: Iterable[float | None]) -> str:
    parts = list(seconds)
    known = [part for part in parts if part is not None]
    if not known:
        return "how long is unknown until one has run here"
    unknown = len(parts) - len(known)
    return _duration(sum(known)) + (f", and {unknown} of unknown length" if unknown else "")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
