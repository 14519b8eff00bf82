"""Options that several commands share, and what they mean together."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dagster_defs.workspace import Workspace, export, open_workspace
from python_assets.addresses import open_warehouse
from python_assets.lake import is_lake
from python_assets.warehouse import Warehouse

Command = Callable[..., Any]
WAREHOUSE = "FILE|ducklake:postgres:..."


class HomePath(click.Path):
    """A path that may start with `~`: a shell leaves it as it is in `--option=~/folder`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, under the user's home where it says so."""
        return super().convert(os.path.expanduser(value), param, ctx)


PATH = HomePath(path_type=Path)


def study_options(command: Command) -> Command:
    """--study, --warehouse, --lake-data, --data-root and --limit; the command gets the workspace that they choose."""

    @functools.wraps(command)
    def run(
        *,
        study: str | None,
        warehouse: str | None,
        lake_data: str | None,
        data_root: Path | None,
        limit: int | None,
        **others: Any,
    ) -> Any:
        return command(activate(study, warehouse, data_root, limit, lake_data), **others)

    for option in (
        click.option("--limit", type=click.IntRange(min=1), help="Largest size of any population, for a quick look."),
        click.option("--data-root", type=PATH, help="Where relative source paths start."),
        click.option("--lake-data", metavar="FOLDER|URL", help="Where a new lake keeps its Parquet files."),
        click.option("--warehouse", metavar=WAREHOUSE, help="The DuckDB file [warehouse/STUDY.duckdb], or a lake."),
        click.option("--study", metavar="NAME|FILE", help="Built-in study or a YAML file [demo]."),
    ):
        run = option(run)
    return run


def warehouse_option(command: Command) -> Command:
    """--warehouse for commands that only read."""
    return click.option(
        "--warehouse",
        metavar=WAREHOUSE,
        help="The DuckDB file [the one that changed last in warehouse/], or a lake.",
    )(command)


def activate(
    study: str | None, warehouse: str | None, data_root: Path | None, limit: int | None, lake_data: str | None = None
) -> Workspace:
    """Open the workspace and hand it to dbt and Dagster through the environment.

    Args:
        study: --study.
        warehouse: --warehouse.
        data_root: --data-root.
        limit: --limit.
        lake_data: --lake-data.

    Returns:
        The workspace.

    Raises:
        click.BadParameter: The data's root is no folder, or a folder is named for a lake and the warehouse is none.
    """
    if data_root is not None and not data_root.is_dir():
        raise click.BadParameter(f"{data_root} is not a folder", param_hint="--data-root")
    workspace = open_workspace(study=study, warehouse=warehouse, lake_data=lake_data, data_root=data_root, limit=limit)
    if lake_data and not is_lake(workspace.address):
        raise click.BadParameter(
            f"{workspace.address} is no lake, and keeps everything in one file: leave --lake-data out, or name a lake with --warehouse",
            param_hint="--lake-data",
        )
    export(workspace, study=study, data_root=data_root, limit=limit)
    return workspace


def chosen_warehouse(warehouse: str | None) -> Warehouse:
    """The one that was named, else the environment's, else the one that changed last."""
    if warehouse:
        return open_warehouse(warehouse)
    if named := os.environ.get("PERSONA_FIDELITY_WAREHOUSE"):
        return open_warehouse(named)
    found = sorted(Path("warehouse").glob("*.duckdb"), key=lambda path: path.stat().st_mtime)
    if not found:
        return Warehouse(Path("warehouse") / "demo.duckdb")
    if len(found) > 1:
        print(f"(reading {found[-1]})", file=sys.stderr)
    return Warehouse(found[-1])
