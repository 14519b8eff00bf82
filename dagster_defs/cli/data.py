"""`ingest` reads review files into the warehouse; `simulate` makes a corpus."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from dagster_defs.cli.options import PATH, study_options
from dagster_defs.workspace import Workspace
from python_assets.warehouse import Warehouse


@click.command()
@study_options
@click.option(
    "--withdraw",
    multiple=True,
    type=PATH,
    metavar="PATH",
    help="Take this file's rows out first; may be given several times.",
)
@click.option("--withdraw-missing", is_flag=True, help="Take out the rows of every ingested file that is gone.")
def ingest(workspace: Workspace, withdraw: tuple[Path, ...], withdraw_missing: bool) -> None:
    """Read the study's review and item files; unchanged files are skipped, broken lines are kept aside."""
    from dagster_defs.run import ingest_only

    named = [Path(os.path.abspath(path)) for path in withdraw]
    run_id = ingest_only(withdraw=named, withdraw_missing=withdraw_missing)
    target = workspace.warehouse
    with target.reading():
        show_files(target, run_id=run_id)
    click.echo(f"Warehouse: {workspace.address}")


FILES = """
    select path, category, kind, n_read, n_accepted, n_rejected, n_duplicate
    from raw.ingested_files
    where ends_with(batch_id, ?)
    order by path
"""
REASONS = """
    select reason, count(*) as n, first({file: file, line: line_number} order by file, line_number) as example
    from raw.rejected_rows
    group by reason
    order by n desc, reason
"""


def show_files(warehouse: Warehouse, *, run_id: str) -> None:
    """What came of each file that the run read, and why lines were rejected, most frequent first."""
    from dagster_defs.assets.ingest import batch_suffix
    from python_assets.ingest import in_words

    files = warehouse.rows(FILES, [batch_suffix(run_id)])
    for file in files:
        click.echo(in_words(*file))
    ((n_files,),) = warehouse.rows("select count(distinct path) from raw.ingested_files")
    n_read = len({path for path, *_ in files})
    click.echo(f"{n_read:,} of {n_files:,} files were new or had changed")
    reasons = warehouse.rows(REASONS)
    for reason, n, example in reasons:
        click.echo(f"  rejected {n:>9,}  {reason}, first in {Path(example['file']).name} line {example['line']:,}")
    if reasons:
        click.echo("  each of them is in raw.rejected_rows")


@click.command()
@click.option("--out", type=PATH, required=True, help="Folder to write to; must be new or empty.")
@click.option("--settings", type=PATH, help="YAML file with any setting of the simulation.")
@click.option("--users", type=click.IntRange(min=10), help="[2000]")
@click.option("--items", type=click.IntRange(min=10), help="Items over all categories [400].")
@click.option("--mean-reviews", type=click.FloatRange(min=1), help="Reviews a user, on average [12].")
@click.option(
    "--category", "categories", multiple=True, help="Category name; may be given several times, for equal shares."
)
@click.option("--seed", type=click.IntRange(min=0), help="[42]")
@click.option("--overwrite", is_flag=True, help="Replace what is in the folder.")
def simulate(
    out: Path, settings: Path | None, categories: tuple[str, ...], overwrite: bool, **numbers: float | None
) -> None:
    """Write a corpus shaped like Amazon Reviews 2023 whose users have planted tastes.

    What is given here goes before what the settings file says.
    """
    from python_assets.simulate import load_settings
    from python_assets.simulate import simulate as write_corpus

    instead: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    if categories:
        instead["categories"] = [(name, 1 / len(categories)) for name in categories]
    report = write_corpus(load_settings(settings, **instead), out, progress=sys.stderr.isatty(), overwrite=overwrite)
    click.echo("\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in asdict(report).items()))
