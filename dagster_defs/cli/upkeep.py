"""`tidy`: what a warehouse needs now and then."""

from __future__ import annotations

import click

from dagster_defs.cli.options import chosen_warehouse, warehouse_option


@click.command()
@click.option(
    "--days",
    type=click.IntRange(min=1, max=36_500),
    default=7,
    show_default=True,
    help="What is younger stays. More than the longest run takes.",
)
@warehouse_option
def tidy(days: int, warehouse: str | None) -> None:
    """Merge a lake's small files, and give up old versions of its tables; once a week, say.

    A DuckDB file needs none: the room of deleted rows is used again.
    """
    target = chosen_warehouse(warehouse)
    with target.connect():
        before = target.size()
    if target.tidy(days=days):
        click.echo(
            f"{target.address}: {before} -> {target.size()}. Versions of tables older than {days} days are gone; "
            "files that nothing needs any more go from the disk as many days later."
        )
    else:
        click.echo(f"{target.address} needs none ({before}): the room of deleted rows is used again")
