"""`import-personas` and `import-ratings`: what was made elsewhere, scored on the same real users."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dagster_defs.cli.options import PATH, WAREHOUSE, activate
from dagster_defs.workspace import Workspace

if TYPE_CHECKING:
    from python_assets.imports.withdraw import ImportKind

Command = Callable[..., Any]


def import_options(command: Command) -> Command:
    """FILE, --withdraw, --population, --split, --study and --warehouse."""
    for option in (
        click.option("--warehouse", metavar=WAREHOUSE, help="The DuckDB file [warehouse/STUDY.duckdb], or a lake."),
        click.option("--study", metavar="NAME|FILE", help="Built-in study or a YAML file [demo]."),
        click.option("--split", help="Split of the rows, where the file has no column split."),
        click.option("--population", required=True, help="A population of the study with `condition: imported`."),
        click.option("--withdraw", is_flag=True, help="Without FILE: take out what was imported (of --split only)."),
        click.argument("file", required=False, type=PATH),
    ):
        command = option(command)
    return command


@click.command("import-personas")
@import_options
def import_personas(**given: Any) -> None:
    """Bring persona texts that were written elsewhere.

    FILE is .csv, .jsonl or .parquet with the columns persona_id, persona_text and, where a persona stands for a real
    user, seed_user_id; perhaps split. It takes the place of what was imported before for the same population and split.
    """
    _bring_or_withdraw("personas", **given)


@click.command("import-ratings")
@import_options
def import_ratings(**given: Any) -> None:
    """Bring answers to the probes, 1 to 5, that were given elsewhere.

    FILE is .csv, .jsonl or .parquet with the columns persona_id, item_id, rating and, for personas that were not
    imported, seed_user_id; perhaps split. Which items to rate: persona-fidelity sql "from probes.probe_items".
    """
    _bring_or_withdraw("ratings", **given)


def _bring_or_withdraw(
    kind: ImportKind,
    *,
    file: Path | None,
    withdraw: bool,
    population: str,
    split: str | None,
    study: str | None,
    warehouse: str | None,
) -> None:
    if withdraw == (file is not None):
        raise click.UsageError("Give either a FILE to bring, or --withdraw to take out what was brought.")
    workspace = activate(study, warehouse, None, None)
    if split is not None and split not in workspace.study.splits and not withdraw:
        names = ", ".join(workspace.study.splits)
        raise click.BadParameter(f"{split} is no split of this study: it has {names}", param_hint="--split")
    if file is None:
        _withdraw(workspace, kind, population, split)
    else:
        _bring(workspace, kind, file, population, split)
    given = {"study": study, "warehouse": warehouse}
    options = "".join(f" --{name} {shlex.quote(value)}" for name, value in given.items() if value)
    then = "leaves them out" if withdraw else "scores them"
    click.echo(f"Next: persona-fidelity run{options} {then}. Warehouse: {workspace.address}")


def _bring(workspace: Workspace, kind: ImportKind, file: Path, population: str, split: str | None) -> None:
    from dagster_defs.assets import imports as assets
    from dagster_defs.history import open_history
    from python_assets import imports

    read = {"personas": imports.import_personas, "ratings": imports.import_ratings}[kind]
    done = read(workspace.warehouse, workspace.study, file, population=population, split=split)
    with open_history() as instance:
        assets.report_imported(instance, assets.IMPORTED[kind], file, population, done)
    size = workspace.study.population(population).size
    for part in done:
        click.echo(_summary(part, population))
        if part.n_personas > size:
            click.echo(f"  only the first {size:,} take part: write `size: {part.n_personas}` in the study", err=True)


def _withdraw(workspace: Workspace, kind: ImportKind, population: str, split: str | None) -> None:
    from dagster_defs.assets import imports as assets
    from dagster_defs.history import open_history
    from python_assets.imports import withdraw_import

    done = withdraw_import(workspace.warehouse, kind=kind, population=population, split=split)
    with open_history() as instance:
        assets.report_withdrawn(instance, assets.IMPORTED[kind], population, done)
    for part in done:
        click.echo(f"{population} on {part.split}: {part.n_rows:,} {kind} of {part.path} are taken out")
    if not done:
        click.echo(f"{population}{f' on {split}' if split else ''}: the {kind} are withdrawn already")


def _summary(part: Any, population: str) -> str:
    who = f"{population} on {part.split}: {part.n_personas:,} personas, {part.n_seeded:,} of them with a seed user"
    if part.n_probes is None:
        return who
    wanted = part.n_personas * part.n_probes
    other = part.n_rows - part.n_probe_ratings
    return f"{who}; {part.n_probe_ratings:,} of {wanted:,} answers to the {part.n_probes} probes" + (
        f", {other:,} answers to other items" if other else ""
    )
