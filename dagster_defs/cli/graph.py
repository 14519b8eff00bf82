"""`run` materialises the whole graph; `dev` opens it in the browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import click

from dagster_defs.cli.options import activate, study_options

STAGES = ("prepare", "encode", "evaluate", "publish")


@click.command()
@study_options
@click.option(
    "--split", "splits", multiple=True, help="Encode and evaluate only this split; may be given several times."
)
@click.option("--from", "first", type=click.Choice(STAGES), help="Begin with this stage.")
@click.option("--until", type=click.Choice(STAGES), help="Stop after this stage.")
@click.option("--force", is_flag=True, help="Run every step, also those whose inputs have not changed.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and stop.")
def run(
    study: str | None,
    warehouse: str | None,
    lake_data: str | None,
    data_root: Path | None,
    limit: int | None,
    first: str | None,
    until: str | None,
    force: bool,
    splits: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Run a study: files to report, through Dagster, so that every step is recorded."""
    workspace = activate(study, warehouse, data_root, limit, lake_data)
    if unknown := set(splits) - set(workspace.study.splits):
        names = ", ".join(workspace.study.splits)
        raise click.BadParameter(f"{min(unknown)} is no split of this study: it has {names}", param_hint="--split")
    from dagster_defs.run import plan, run_study

    steps = plan(workspace.study, first=first, until=until, splits=splits)
    if not steps:
        raise click.UsageError(f"--from {first} comes after --until {until}.")
    if dry_run:
        from python_assets.ingest import resolve_files

        click.echo(f"study {workspace.study.name} -> {workspace.address}")
        for source in workspace.study.sources:
            for path in resolve_files([*source.reviews, *source.items], roots=workspace.roots):
                click.echo(f"  reads {path} ({path.stat().st_size / 1e6:.1f} MB)")
        for number, step in enumerate(steps, start=1):
            click.echo(f"  {number}. {step.job}: {step.label}")
        return
    seconds = run_study(steps, workspace, force=force)
    if until not in {None, STAGES[-1]}:
        click.echo(f"Stopped after {until}. Warehouse: {workspace.address}")
        return
    from dagster_defs.cli.tables import fidelity_table

    click.echo(fidelity_table(workspace.warehouse))
    click.echo(f"\n{workspace.study.name} took {seconds / 60:.1f} minutes.")
    click.echo(f"Report:    {workspace.report_path}")
    click.echo(f"Warehouse: {workspace.address}")


def require_free(port: int) -> None:
    """Dagster would go on without its UI.

    Raises:
        click.ClickException: Somebody listens there, or may not listen there.
    """
    with socket.socket() as listener:
        # As the server does: a port whose last connections are still being closed is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} cannot be used ({error.strerror}): open http://127.0.0.1:{port} if the UI runs there already, "
                "or choose another with --port."
            ) from error


@click.command()
@study_options
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on 127.0.0.1.")
def dev(
    study: str | None,
    warehouse: str | None,
    lake_data: str | None,
    data_root: Path | None,
    limit: int | None,
    port: int,
) -> None:
    """Open the Dagster UI on this machine (127.0.0.1 only)."""
    activate(study, warehouse, data_root, limit, lake_data)
    from dagster_defs.workspace import PROJECT

    require_free(port)
    click.echo(f"Dagster UI: http://127.0.0.1:{port} (Ctrl-C ends it)")
    dagster = Path(sys.executable).with_name("dagster")
    command = [str(dagster), "dev", "-m", "dagster_defs.definitions", "-h", "127.0.0.1", "-p", str(port)]
    # The folder is Dagster's working directory, so that the project is importable where it is not installed.
    # `dagster dev` recommends a newer command that needs another project layout: nothing a user could act on.
    quiet = os.environ | {"PYTHONWARNINGS": "ignore::FutureWarning"}
    with subprocess.Popen([*command, "-d", str(PROJECT)], env=quiet) as server:
        try:
            code = server.wait()
        except KeyboardInterrupt:
            # It has processes of its own, which it ends when it is asked to, not when it is killed.
            server.terminate()
            server.wait()
            raise
    sys.exit(code)
