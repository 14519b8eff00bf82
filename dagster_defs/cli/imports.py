"""`import-personas` and `import-ratings`: what was made elsewhere, scored on the same real users."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dagster_defs.cli.options import WAREHOUSE, activate

Command = Callable[..., Any]


def import_options(command: Command) -> Command:
    """FILE, --population, --split, --study and --warehouse."""
    for option in (
        click.option("--warehouse", metavar=WAREHOUSE, help="The DuckDB file [warehouse/STUDY.duckdb], or a lake."),
        click.option("--study", metavar="NAME|FILE", help="Built-in study or a YAML file [demo]."),
        click.option("--split", help="Split of the rows, where the file has no column split."),
        click.option("--population", required=True, help="A population of the study with `condition: imported`."),
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


@click.command("import-personas")
@import_options
def import_personas(file: Path, population: str, split: str | None, study: str | None, warehouse: str | None) -> None:
    """Bring persona texts that were written elsewhere.

    FILE is .csv, .jsonl or .parquet with the columns persona_id, persona_text and, where a persona stands for a real
    user, seed_user_id; perhaps split. It takes the place of what was imported before for the same population and split.
    """
    _import("personas", file, population, split, study, warehouse)


@click.command("import-ratings")
@import_options
def import_ratings(file: Path, population: str, split: str | None, study: str | None, warehouse: str | None) -> None:
    """Bring answers to the probes, 1 to 5, that were given elsewhere.

    FILE is .csv, .jsonl or .parquet with the columns persona_id, item_id, rating and, for personas that were not
    imported, seed_user_id; perhaps split. Which items to rate: persona-fidelity sql "from probes.probe_items".
    """
    _import("ratings", file, population, split, study, warehouse)


def _import(
    kind: str, file: Path, population: str, split: str | None, study: str | None, warehouse: str | None
) -> None:
    workspace = activate(study, warehouse, None, None)
    if split is not None and split not in workspace.study.splits:
        names = ", ".join(workspace.study.splits)
        raise click.BadParameter(f"{split} is no split of this study: it has {names}", param_hint="--split")
    import dagster as dg

    from dagster_defs.assets import imports as assets
    from python_assets import imports

    read, spec = {
        "personas": (imports.import_personas, assets.PERSONAS),
        "ratings": (imports.import_ratings, assets.RATINGS),
    }[kind]
    done = read(workspace.warehouse, workspace.study, file, population=population, split=split)
    with dg.DagsterInstance.get() as instance:
        assets.report_imported(instance, spec, file, population, done)
    size = workspace.study.population(population).size
    for part in done:
        click.echo(_summary(part, population))
        if part.n_personas > size:
            click.echo(f"  only the first {size:,} take part: write `size: {part.n_personas}` in the study", err=True)
    study_option = f" --study {study}" if study else ""
    click.echo(f"Next: persona-fidelity run{study_option} scores them. Warehouse: {workspace.address}")


def _summary(part: Any, population: str) -> str:
    who = f"{population} on {part.split}: {part.n_personas:,} personas, {part.n_seeded:,} of them with a seed user"
    if part.n_probes is None:
        return who
    wanted = part.n_personas * part.n_probes
    other = part.n_rows - part.n_probe_ratings
    return f"{who}; {part.n_probe_ratings:,} of {wanted:,} answers to the {part.n_probes} probes" + (
        f", {other:,} answers to other items" if other else ""
    )
