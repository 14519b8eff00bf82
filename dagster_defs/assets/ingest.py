"""From files and a study to the schema ``raw``."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import dagster as dg

from dagster_defs.partitions import WAREHOUSE_POOL, WORKSPACE
from dagster_defs.resources import WarehouseResource
from python_assets.ingest import ingest_file, resolve_files
from python_assets.study_tables import study_tables

STUDY_TABLES = ("study", "splits", "populations", "instruments")
FILE_TABLES = ("reviews", "items", "ingested_files", "rejected_rows")


def _specs(names: tuple[str, ...], kind: str) -> list[dg.AssetSpec]:
    return [dg.AssetSpec(["raw", name], group_name="raw", kinds={"duckdb", kind}) for name in names]


@dg.multi_asset(specs=_specs(STUDY_TABLES, "yaml"), pool=WAREHOUSE_POOL)
def study_settings(warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """The study's settings as tables; also makes the tables of ``raw`` and ``ml``."""
    study = WORKSPACE.study
    shape = next(iter(study.instruments.values())).encoder
    target = warehouse.open()
    target.prepare(prototypes=shape.prototypes, dimension=shape.dimension)
    for table, rows in study_tables(study).items():
        target.replace_slice(table, rows, where={})
        metadata = {"dagster/row_count": rows.num_rows, "config_hash": study.config_hash()}
        yield dg.MaterializeResult(asset_key=table.split("."), metadata=metadata)


@dg.multi_asset(
    specs=[spec.replace_attributes(deps=[dg.AssetKey(["raw", "study"])]) for spec in _specs(FILE_TABLES, "file")],
    pool=WAREHOUSE_POOL,
)
def ingest(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """Read new and changed files; a broken line is kept in ``raw.rejected_rows``."""
    target = warehouse.open()
    batch_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{context.run_id[:8]}"
    lines = []
    for source in WORKSPACE.study.sources:
        kinds: list[tuple[Literal["reviews", "items"], list[str]]] = [
            ("reviews", source.reviews),
            ("items", source.items),
        ]
        for kind, patterns in kinds:
            for path in resolve_files(patterns, roots=WORKSPACE.roots) if patterns else []:
                file_format = source.format if kind == "reviews" or source.format != "ratings_csv" else "auto"
                report = ingest_file(
                    target, path, category=source.category, kind=kind, format=file_format, batch_id=batch_id
                )
                lines.append(
                    f"| {path.name} | {source.category} | {kind} | {report.n_read:,} | {report.n_accepted:,} "
                    f"| {report.n_duplicate:,} | {report.n_rejected:,} | {'unchanged' if report.skipped else 'read'} |"
                )
                context.log.info("%s: %s", path.name, report)
    header = (
        "| file | category | kind | read | accepted | duplicate | rejected | |\n|---|---|---|---:|---:|---:|---:|---|\n"
    )
    for name in FILE_TABLES:
        count = target.rows(f"select count(*) from raw.{name}")[0][0]
        metadata = {"dagster/row_count": count, "files": dg.MetadataValue.md(header + "\n".join(lines))}
        yield dg.MaterializeResult(asset_key=["raw", name], metadata=metadata)
