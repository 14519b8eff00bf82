"""`sql`, `status` and `report`: reading only."""

from __future__ import annotations

import csv
import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from dagster_defs.cli.options import chosen_warehouse, warehouse_option
from python_assets.warehouse import WarehouseError


@click.command()
@click.argument("query")
@click.option("--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@warehouse_option
def sql(query: str, format_: str, warehouse: str | None) -> None:
    """Ask the warehouse, read-only: persona-fidelity sql "from results.fidelity"."""
    import duckdb

    target = chosen_warehouse(warehouse)
    with target.connect() as connection:
        target.seal(connection)
        try:
            answer = connection.sql(query)
            if answer is None:
                raise WarehouseError("That statement gives no rows; `sql` reads only: ask with `select` or `from`.")
            if format_ == "table":
                click.echo(str(answer))
                return
            names, rows = answer.columns, answer.fetchall()
        except duckdb.Error as error:
            raise WarehouseError(f"The query cannot be answered: {' '.join(str(error).split())[:500]}") from error
    if format_ == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(rows)
    else:
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=_plain, indent=1))


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


@click.command()
@warehouse_option
def status(warehouse: str | None) -> None:
    """What is in the warehouse: study, files, tables, populations."""
    target = chosen_warehouse(warehouse)
    with target.connect() as connection:
        found = connection.execute(
            "select schema_name || '.' || table_name, estimated_size from duckdb_tables() "
            "where database_name = current_database() "
            "and schema_name in ('raw', 'staging', 'corpus', 'probes', 'personas', 'ml', 'results') order by all"
        ).fetchall()
        tables = dict(found)
        click.echo(f"warehouse {target.address} ({target.size()})")
        if "raw.study" not in tables:
            raise WarehouseError(f"{target.address} holds no study yet: run `persona-fidelity run`.")
        for name, seed, hash_ in connection.execute("select name, seed, config_hash from raw.study").fetchall():
            click.echo(f"study {name}, seed {seed}, config {hash_}")
        click.echo("\nfiles")
        for row in connection.execute(
            "select path, category, n_read, n_accepted, n_rejected, n_duplicate, batch_id from raw.ingested_files order by path"
        ).fetchall():
            path, category, read, accepted, rejected, duplicate, batch = row
            click.echo(
                f"  {Path(path).name:<40} {category:<24} {read:>9,} read = {accepted:,} accepted + {rejected:,} rejected "
                f"+ {duplicate:,} duplicate  (batch {batch})"
            )
        if tables.get("raw.imports"):
            click.echo("\nimports (population, split)")
            for row in connection.execute(IMPORTS).fetchall():
                click.echo("  {:<28} {:<24} {:>9,} {} of {}".format(*row))
        click.echo("\ntables (rows)")
        for table, rows in found:
            click.echo(f"  {table:<36} {rows:>12,}")
        click.echo("\npopulations (split, personas, ratings, without a usable answer, placed by instrument)")
        for row in connection.execute(POPULATIONS).fetchall():
            click.echo("  {:<28} {:<24} {:>6} {:>9} {:>6}  {}".format(*row))


IMPORTS = "select population, split, n_rows, kind, path from raw.imports order by all"
POPULATIONS = """
    with personas as (select split, population, count(*) as n from ml.personas group by all),
    ratings as (select split, population, count(*) as n, count(*) filter (where status <> 'ok') as bad from ml.ratings group by all),
    placed as (
        select split, population, string_agg(instrument || ' ' || n, ', ' order by instrument) as n from (
            select split, population, instrument, count(*) filter (where placed) as n from ml.persona_embeddings group by all
        ) group by all
    )
    select personas.population, personas.split, personas.n, coalesce(ratings.n, 0), coalesce(ratings.bad, 0), coalesce(placed.n, '-')
    from personas
    left join ratings on personas.split = ratings.split and personas.population = ratings.population
    left join placed on personas.split = placed.split and personas.population = placed.population
    order by personas.split, personas.population
"""


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="The HTML file [beside the warehouse].")
@warehouse_option
def report(out: Path | None, warehouse: str | None) -> None:
    """Write the report anew from what is in the warehouse."""
    from python_assets.report import build_report

    target = chosen_warehouse(warehouse)
    click.echo(build_report(target, out or target.beside("report.html")))
