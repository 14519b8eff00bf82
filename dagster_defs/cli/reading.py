"""`status` and `report`: reading only."""

from __future__ import annotations

from pathlib import Path

import click

from dagster_defs.cli.options import PATH, chosen_warehouse, warehouse_option
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.layout import require_known_layout


@click.command()
@warehouse_option
def status(warehouse: str | None) -> None:
    """What is in the warehouse: study, files, tables, populations."""
    target = chosen_warehouse(warehouse)
    require_known_layout(target)
    with target.connect() as connection:
        # DuckDB's own `estimated_size` counts deleted rows, too.
        names = [name for (name,) in connection.execute(TABLES).fetchall()]
        tables = {name: connection.table(name).count("*").fetchall()[0][0] for name in names}
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
        click.echo("\nsteps finished (whether they are of today's files, settings and code, `run --dry-run` says)")
        for job, done, wanted in connection.execute(STEPS).fetchall() if "raw.stages" in tables else []:
            click.echo(f"  {job:<10} {done:>4,} of {wanted:,}")
        click.echo("\ntables (rows)")
        for table, rows in tables.items():
            click.echo(f"  {table:<36} {rows:>12,}")
        click.echo("\npopulations (split, personas, ratings, without a usable answer, placed by instrument)")
        for row in connection.execute(POPULATIONS).fetchall():
            click.echo("  {:<28} {:<24} {:>6} {:>9} {:>6}  {}".format(*row))


TABLES = """
    select schema_name || '.' || table_name
    from duckdb_tables()
    where
        database_name = current_database()
        and schema_name in ('raw', 'staging', 'corpus', 'probes', 'personas', 'ml', 'results')
    order by all
"""
STEPS = """
    with splits as (select distinct split from raw.splits),
    wanted as (
        select 1 as number, 'prepare' as job, '' as partition_key
        union all
        select 2, 'encode', split from splits
        union all
        select 3, 'evaluate', populations.population || '|' || splits.split from splits cross join raw.populations as populations
        union all
        select 4, 'publish', ''
    )
    select wanted.job, count(stages.job), count(*)
    from wanted
    left join raw.stages as stages on wanted.job = stages.job and wanted.partition_key = stages.partition_key
    group by wanted.number, wanted.job
    order by wanted.number
"""
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
@click.option("--out", type=PATH, help="The HTML file [beside the warehouse].")
@warehouse_option
def report(out: Path | None, warehouse: str | None) -> None:
    """Write the report anew from what is in the warehouse."""
    from python_assets.report import build_report

    target = chosen_warehouse(warehouse)
    click.echo(build_report(target, out or target.beside("report.html")))
