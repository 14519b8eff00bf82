"""Options that several commands share, and what they mean together."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dagster_defs.workspace import Workspace, export, open_workspace

Command = Callable[..., Any]


def study_options(command: Command) -> Command:
    """--study, --warehouse, --data-root and --limit."""
    for option in (
        click.option("--limit", type=click.IntRange(min=1), help="Largest size of any population, for a quick look."),
        click.option("--data-root", type=click.Path(path_type=Path), help="Where relative source paths start."),
        click.option("--warehouse", type=click.Path(path_type=Path), help="The DuckDB file [warehouse/STUDY.duckdb]."),
        click.option("--study", metavar="NAME|FILE", help="Built-in study or a YAML file [demo]."),
    ):
        command = option(command)
    return command


def warehouse_option(command: Command) -> Command:
    """--warehouse for commands that only read."""
    return click.option(
        "--warehouse",
        type=click.Path(path_type=Path),
        help="The DuckDB file [the one that changed last in warehouse/].",
    )(command)


def activate(study: str | None, warehouse: Path | None, data_root: Path | None, limit: int | None) -> Workspace:
    """Open the workspace and hand it to dbt and Dagster through the environment."""
    if data_root is not None and not data_root.is_dir():
        raise click.BadParameter(f"{data_root} is not a folder", param_hint="--data-root")
    workspace = open_workspace(study=study, warehouse=warehouse, data_root=data_root, limit=limit)
    export(workspace, study=study, data_root=data_root, limit=limit)
    return workspace


def chosen_warehouse(warehouse: Path | None) -> Path:
    """The file that was named, else the environment's, else the one that changed last."""
    if warehouse:
        return warehouse
    if named := os.environ.get("PERSONA_FIDELITY_WAREHOUSE"):
        return Path(named)
    found = sorted(Path("warehouse").glob("*.duckdb"), key=lambda path: path.stat().st_mtime)
    if not found:
        return Path("warehouse") / "demo.duckdb"
    if len(found) > 1:
        print(f"(reading {found[-1]})", file=sys.stderr)
    return found[-1]
