"""`run`: the whole graph, from files to report."""

from __future__ import annotations

import click

from dagster_defs.cli.options import study_options
from dagster_defs.workspace import Workspace
from python_assets.stages import STAGES


@click.command()
@study_options
@click.option(
    "--split",
    "splits",
    multiple=True,
    help="Encode and evaluate only this split; may be given several times. Results hold the others as they were.",
)
@click.option("--from", "first", type=click.Choice(STAGES), help="Begin with this stage.")
@click.option("--until", type=click.Choice(STAGES), help="Stop after this stage.")
@click.option("--force", is_flag=True, help="Run every step, also those whose inputs have not changed.")
@click.option(
    "--keep-going",
    is_flag=True,
    help="When an encoder or a population fails, go on with what does not need it; exit code 1 at the end.",
)
@click.option("--dry-run", is_flag=True, help="Say what would run, and stop.")
def run(
    workspace: Workspace,
    first: str | None,
    until: str | None,
    force: bool,
    keep_going: bool,
    splits: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Run a study: files to report, through Dagster, so that every step is recorded."""
    if unknown := set(splits) - set(workspace.study.splits):
        names = ", ".join(workspace.study.splits)
        raise click.BadParameter(f"{min(unknown)} is no split of this study: it has {names}", param_hint="--split")
    from dagster_defs.plan import plan, unchanged_steps
    from dagster_defs.run import run_study

    steps = plan(workspace.study, first=first, until=until, splits=splits)
    if not steps:
        raise click.UsageError(f"--from {first} comes after --until {until}.")
    if dry_run:
        from python_assets.ingest import resolve_files
        from python_assets.prepared import require_prepared

        reads_files = steps[0].job == STAGES[0]
        if not reads_files:
            require_prepared(workspace.warehouse, workspace.study)

        click.echo(f"study {workspace.study.name} -> {workspace.address}")
        for source in workspace.study.sources if reads_files else []:
            for path in resolve_files([*source.reviews, *source.items], roots=workspace.roots):
                click.echo(f"  reads {path} ({path.stat().st_size / 1e6:.1f} MB)")
        unchanged = set() if force else unchanged_steps(steps, workspace)
        for number, step in enumerate(steps, start=1):
            click.echo(f"  {number}. {step.job}: {step.label}{', unchanged' if step in unchanged else ''}")
        return
    seconds = run_study(steps, workspace, force=force, keep_going=keep_going)
    if until not in {None, STAGES[-1]}:
        click.echo(f"Stopped after {until}. Warehouse: {workspace.address}")
        return
    from dagster_defs.cli.tables import fidelity_table

    click.echo(fidelity_table(workspace.warehouse))
    click.echo(f"\n{workspace.study.name} took {seconds / 60:.1f} minutes.")
    click.echo(f"Report:    {workspace.report_path}")
    click.echo(f"Warehouse: {workspace.address}")
