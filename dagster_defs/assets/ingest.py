"""From files and a study to the schema ``raw``."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import Field

from dagster_defs.partitions import WAREHOUSE_POOL, WORKSPACE
from dagster_defs.resources import WarehouseResource
from python_assets.ingest import (
    IngestError,
    NoFileError,
    SourceFile,
    ingest_file,
    known_readings,
    missing_files,
    other_uses,
    source_files,
    unnamed_files,
    withdraw_files,
)
from python_assets.stages import forget_prepared
from python_assets.study.tables import study_tables
from python_assets.warehouse import Warehouse

GONE_NAMED = 5
"""Files that are gone, or not named any more, which are told one by one."""


# What each table of `raw` is, for the UI.
STUDY = {
    "study": "The study's settings that SQL reads, one row.",
    "splits": "Which categories each product split has.",
    "populations": "The populations of personas that the study asks for.",
    "instruments": "The instruments, an encoder's settings with a placement's.",
}
FILES = {
    "ingested_files": "Each file that was read, by which batch, and what became of its lines.",
    "reviews": "Reviews as they were read, each with its file and batch.",
    "items": "Item descriptions as they were read, each with its file and batch.",
    "rejected_rows": "Lines that could not be read, with the reason.",
}


def _specs(tables: Mapping[str, str], kind: str) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(["raw", name], description=text, group_name="raw", kinds={"duckdb", kind}, deps=_made_of(name))
        for name, text in tables.items()
    ]


def _made_of(table: str) -> list[dg.AssetKey]:
    if table in STUDY:
        return []
    # Whoever follows a result back comes to the batch that brought its rows.
    return [dg.AssetKey(["raw", "study" if table == "ingested_files" else "ingested_files"])]


@dg.multi_asset(specs=_specs(STUDY, "yaml"), pool=WAREHOUSE_POOL)
def study_settings(warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """The study's settings as tables; also makes the tables of ``raw`` and ``ml``."""
    study = WORKSPACE.study
    shape = next(iter(study.instruments.values())).encoder
    target = warehouse.open()
    target.prepare(prototypes=shape.prototypes, dimension=shape.dimension)
    tables = study_tables(study)
    # At once: later stages look at `raw.study` alone.
    target.replace_slices([(table, rows, {}) for table, rows in tables.items()])
    for table, rows in tables.items():
        metadata = {"dagster/row_count": rows.num_rows, "config_hash": study.config_hash()}
        yield dg.MaterializeResult(asset_key=table.split("."), metadata=metadata)


def batch_suffix(run_id: str) -> str:
    """How the batch id of a Dagster run ends."""
    return f"-{run_id[:8]}"


class IngestConfig(dg.Config):
    """What one ingest does besides reading new and changed files."""

    withdraw: list[str] = Field([], description="Files whose rows are taken out first; absolute paths.")
    withdraw_missing: bool = Field(False, description="Also take out the rows of every ingested file that is gone.")


@dg.multi_asset(
    specs=_specs(FILES, "file"),
    pool=WAREHOUSE_POOL,
)
def ingest(
    context: dg.AssetExecutionContext, config: IngestConfig, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:
    """Read new and changed files; a broken line is kept in ``raw.rejected_rows``."""
    target = warehouse.open()
    batch_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}{batch_suffix(context.run_id)}"
    unwanted, staying = to_withdraw(target, config)
    if unwanted:
        forget_prepared(target)
        context.log.info(withdraw_files(target, unwanted, batch_id=batch_id, named=staying).in_words())
    with target.connect() as connection:
        known = known_readings(connection)
    lines, n_unchanged = [], 0
    named = files_to_read(withdrawn=unwanted)
    for path, category, kind, layout in named:
        report = ingest_file(target, path, category=category, kind=kind, format=layout, batch_id=batch_id, known=known)
        if report.skipped:
            n_unchanged += 1
            continue
        forget_prepared(target)
        lines.append(
            f"| {path.name} | {category} | {report.n_read:,} | {report.n_accepted:,} "
            f"| {report.n_duplicate:,} | {report.n_rejected:,} |"
        )
        context.log.info(report.in_words())
    context.log.info("%s files read, %s unchanged", len(lines), n_unchanged)
    gone = missing_files(target)
    unnamed = unnamed_files(target, named)
    read = {file.path for file in named}
    for paths, why in ((gone, "is gone"), (unnamed, "is not named by the study any more")):
        for path in paths[:GONE_NAMED]:
            quoted, but = shlex.quote(str(path)), " for all that it was read for" if path in read else ""
            context.log.warning("%s %s%s; its rows stay: `ingest --withdraw %s` takes them out", path, why, but, quoted)
    if more := len(unnamed[GONE_NAMED:]):
        context.log.warning("%s more files are not named any more; their rows stay, too", more)
    if more := len(gone[GONE_NAMED:]):
        context.log.warning(
            "%s more files are gone; their rows stay: `ingest --withdraw-missing` takes out those of all %s",
            more,
            len(gone),
        )
    header = [
        "| file | category | read | accepted | duplicate | rejected |",
        "|---|---|---:|---:|---:|---:|",
    ]
    files = dg.MetadataValue.md("\n".join([*header, *lines] if lines else ["No file is new or has changed."]))
    for name in FILES:
        count = target.rows(f"select count(*) from raw.{name}")[0][0]
        metadata = {"dagster/row_count": count, "files": files, "files unchanged": n_unchanged}
        yield dg.MaterializeResult(asset_key=["raw", name], metadata=metadata)


def files_to_read(*, withdrawn: Sequence[Path]) -> list[SourceFile]:
    """The files of the study's sources.

    Args:
        withdrawn: Those whose rows have just been taken out, which stays so whatever comes of this.

    Raises:
        IngestError: A source has no file; after a withdrawal the message says that that much is done.
    """
    try:
        return source_files(WORKSPACE.study.sources, roots=WORKSPACE.roots)
    except NoFileError as error:
        if not withdrawn:
            raise
        others = f" and of {len(withdrawn) - 1} more" if len(withdrawn) > 1 else ""
        raise IngestError(
            f"The rows of {withdrawn[0]}{others} are out, but nothing was read, as the source {error.pattern!r} has no file "
            "left: take it out of the study, or put a file there, and run `ingest` again without --withdraw."
        ) from error


def to_withdraw(target: Warehouse, config: IngestConfig) -> tuple[list[Path], list[SourceFile]]:
    """The files to take out, and what the study reads, which stays.

    A file that the study still reads may be taken out of what it was read for before, such as another category.

    Raises:
        IngestError: All rows of a file to be taken out would be read again at once, or all of a source's files are gone,
            which looks more like a disk that is not there than like a wish.
    """
    unwanted = [Path(path) for path in config.withdraw]
    still_there = {path for path in unwanted if path.exists()}
    if not still_there and not config.withdraw_missing:
        return unwanted, []
    named = source_files(WORKSPACE.study.sources, roots=WORKSPACE.roots)
    if both := still_there & {file.path for file in named}:
        others = {Path(use.path) for use in other_uses(target, {str(path) for path in both}, named)}
        if needless := sorted(both - others):
            raise IngestError(
                f"{needless[0]} is still there and would be read again, and the study reads it for all its rows: move it out "
                "of the source first, or leave --withdraw out."
            )
    return sorted({*unwanted, *missing_files(target)}) if config.withdraw_missing else unwanted, named
