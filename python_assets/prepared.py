"""With which settings dbt made the corpus and the probes, and whether to the end: ``ingest`` alone brings settings and files into ``raw``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import duckdb

from python_assets.fingerprints import raw_fingerprint
from python_assets.stages import CORPUS, Stage, finished_stages, mark
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import NoWarehouseError, WarehouseError
from python_assets.warehouse.layout import require_present_layout
from python_assets.warehouse.turn import Work

MADE_CORPUS, MADE_PROBES = Stage("settings", "corpus"), Stage("settings", "probes")
"""Not stages of a run: with the hash of which settings dbt last made these parts as a whole."""
# Of an `ingest` alone there is no corpus yet, which whoever needs one says.
HAS_CORPUS = "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'corpus' limit 1"
# Commands that only write files or imports bring tables up to date, but not what the study says.
OLDER_SETTINGS = "select 1 from raw.instruments where seeds is null limit 1"


@contextmanager
def making(
    warehouse: Warehouse, study: Study, *, touched: Collection[Stage], whole: Collection[Stage]
) -> Iterator[None]:
    """Let nobody else make corpus or probes meanwhile, and write down, when the block ends well, with which settings parts were made.

    A part of other settings is that no more once something of it is made with these: should the block fail, it is of none. So it is
    with a corpus that files have come for, and with the probes, which are chosen from it.

    Args:
        warehouse: Where they are made.
        study: Its settings.
        touched: Parts of which something is made.
        whole: Those of them that are made as a whole.
    """
    # At once, as it may be a while until the others on a lake are done; and again, as they mark what they have made.
    _forget_other(warehouse, study, touched)
    with warehouse.alone(Work.MODELS):
        _forget_other(warehouse, study, touched)
        yield
    # While dbt was at work, somebody may have brought other settings in.
    if _has_settings(warehouse, study):
        for part in whole:
            mark(warehouse, part, study.config_hash())


def _forget_other(warehouse: Warehouse, study: Study, touched: Collection[Stage]) -> None:
    made = finished_stages(warehouse)
    has_new_files = MADE_CORPUS in touched and made.get(CORPUS) != raw_fingerprint(warehouse)
    for part in (MADE_CORPUS, MADE_PROBES) if has_new_files else touched:
        if part in made and (has_new_files or made[part] != study.config_hash()):
            mark(warehouse, part, None)


def is_prepared(warehouse: Warehouse, study: Study) -> bool:
    """Whether corpus and probes are of the settings of this study as it is now, and so is what SQL reads."""
    made = finished_stages(warehouse)
    parts_are = all(made.get(part) == study.config_hash() for part in (MADE_CORPUS, MADE_PROBES))
    return parts_are and _has_settings(warehouse, study)


def require_settings(warehouse: Warehouse, study: Study) -> None:
    """See that SQL reads the settings that Python is about to use; nothing to see before the first ``prepare``.

    Raises:
        WarehouseError: The warehouse was prepared for another study, before its settings changed, or by older or newer code.
    """
    require_present_layout(warehouse)
    try:
        rows = warehouse.rows("select name, config_hash from raw.study")
    except (NoWarehouseError, duckdb.CatalogException):
        return
    if rows and rows[0][1] != study.config_hash():
        whose = "" if rows[0][0] == study.name else f", those of study {rows[0][0]},"
        raise WarehouseError(
            f"{warehouse.address} was prepared with other settings{whose} than study {study.name} has now: `run` without `--from`, "
            "or the job `prepare`, brings them in."
        )
    if rows and warehouse.rows(OLDER_SETTINGS):
        raise WarehouseError(
            f"The settings in {warehouse.address} were brought in by older code: `run` without `--from`, or the job `prepare`, "
            "brings them up to date."
        )


def require_prepared(warehouse: Warehouse, study: Study) -> None:
    """See that all that ``prepare`` makes is of the settings that Python is about to use; nothing to see before the first one.

    Raises:
        WarehouseError: The warehouse was prepared for another study, before its settings changed, or by older or newer code, or
            the last ``prepare`` did not come to its end.
    """
    require_settings(warehouse, study)
    try:
        is_made = bool(warehouse.rows(HAS_CORPUS))
    except NoWarehouseError:
        return
    if is_made and not is_prepared(warehouse, study):
        raise WarehouseError(
            f"The corpus and the probes in {warehouse.address} were prepared with other settings than study {study.name} has now, "
            "by older code, or not to the end: `run` without `--from`, or the job `prepare`, makes them anew."
        )


def _has_settings(warehouse: Warehouse, study: Study) -> bool:
    """Whether SQL reads the settings of this study as it is now."""
    return warehouse.rows("select config_hash from raw.study") == [(study.config_hash(),)]
