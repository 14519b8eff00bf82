"""Which stages of a run are done: a fingerprint of all that a stage depends on, kept in the warehouse."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from python_assets.study import Population, Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import NoWarehouseError, WarehouseError
from python_assets.warehouse.require_layout import require_present_layout

# What stages after `prepare` read of a split; every row counts, in any order.
SPLIT_TABLES = ("corpus.interactions", "corpus.items", "corpus.users", "probes.probe_items")
ITEM_TEXTS = """
    select count(*), bit_xor(md5_number_lower(embeddings.item_id || chr(31) || embeddings.text_hash))
    from ml.item_embeddings as embeddings
    inner join corpus.items as items on embeddings.category = items.category and embeddings.item_id = items.item_id
    where items.split = ?
"""
SEEDS = """
    select user_id, seed_order, profile_hash from personas.grounding_profiles
    where split = ? order by seed_order limit ?
"""
LEDGER = "select path, kind, category, sha256, batch_id from raw.ingested_files order by all"
IMPORTS = "select kind, sha256, n_rows from raw.imports where split = ? and population = ? order by kind"
ENCODERS = (
    """
    select instrument, seed, config_hash, data_hash, created_at from ml.encoder_runs
    where split = ? and instrument = ? and list_contains(?, seed) order by seed
    """,
    """
    select seed, count(*), bit_xor(hash(user_id, train_hash, folded_in)) from ml.user_embeddings
    where split = ? and instrument = ? and list_contains(?, seed) group by seed order by seed
    """,
)
# Commands that only write files or imports bring tables up to date, but not what the study says.
OLDER_SETTINGS = "select 1 from raw.instruments where seeds is null limit 1"
CODE_FOLDERS = {
    "python_assets": ("*.py", "*.sql", "*.html", "*.css"),
    "dagster_defs": ("*.py",),
    "models": ("*.sql", "*.yml"),
}
DBT_FOLDERS = {"macros": ("*.sql",), "seeds": ("*.csv", "*.yml"), "data-tests": ("*.sql",)}


class Stage(NamedTuple):
    """One job on one partition; ``partition`` is empty for a job without partitions."""

    job: str
    partition: str


CORPUS = Stage("corpus", "")
"""Not a stage of a run: under which ``raw_fingerprint`` dbt last made the corpus, whoever called it."""
FORMER = "encoded before"
"""Job of a note that is no stage: under which fingerprint a split was last encoded as a whole, kept when that mark goes."""
WEIGHTS = "weights"
"""Job of another note: what a model held whose files looked as its partition says, see ``raters/model_state.py``."""


def digest(*parts: object) -> str:
    """Sixteen hex digits of some values that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def code_fingerprint(project: Path) -> str:
    """Changes with any line of the project's SQL and Python, of the report's templates and style, and of dbt's settings."""
    total = hashlib.sha256()
    for file in sorted(_code_files(project)):
        total.update(f"{file.relative_to(project)}\n".encode())
        total.update(file.read_bytes())
    return total.hexdigest()[:16]


def _code_files(project: Path) -> Iterator[Path]:
    yield from (project / "dbt_project").glob("dbt_project.yml")
    roots = {project / name: patterns for name, patterns in CODE_FOLDERS.items()}
    roots |= {project / "dbt_project" / name: patterns for name, patterns in DBT_FOLDERS.items()}
    for folder, patterns in roots.items():
        for pattern in patterns:
            yield from folder.rglob(pattern)


def files_fingerprint(files: Iterable[Path]) -> str:
    """Changes when a source file comes, goes, grows or is written again; cheap, since ingest looks at the bytes.

    A copy may bring its old time along; the system's own (ctime) nobody sets.
    """
    stats = ((file, file.stat()) for file in files)
    return digest(*((str(file), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for file, stat in stats))


def split_fingerprint(warehouse: Warehouse, split: str) -> str:
    """Changes with the contents of a split: histories, items and their texts, probes.

    Raises:
        WarehouseError: There is no corpus yet.
    """
    try:
        with warehouse.connect() as connection:
            parts = [
                connection.execute(
                    f"select count(*), bit_xor(md5_number_lower(rows::varchar)) from {table} as rows where split = ?",
                    [split],
                ).fetchone()
                for table in SPLIT_TABLES
            ]
            parts.append(connection.execute(ITEM_TEXTS, [split]).fetchone())
    except duckdb.CatalogException as error:
        raise WarehouseError(
            f"{warehouse.address} has no corpus and no probes yet: `persona-fidelity run --until prepare` makes them."
        ) from error
    return digest(*parts)


def raw_fingerprint(warehouse: Warehouse) -> str:
    """Changes with each file that is taken in or out, and with the study's settings that SQL reads."""
    with warehouse.reading():
        return digest(warehouse.rows(LEDGER), warehouse.rows("select config_hash from raw.study"))


def prepare_fingerprint(study: Study, files: Iterable[Path], *, code: str) -> str:
    """Of the stage ``prepare``, which writes down in what order the report shows splits: the settings' hash is of a set."""
    return digest("prepare", study.config_hash(), list(study.splits), files_fingerprint(files), code)


def encode_fingerprint(study: Study, content: str, *, code: str) -> str:
    """Of the stage ``encode`` on a split with this content."""
    instruments = {name: instrument.config_hash() for name, instrument in study.instruments.items()}
    settings = instruments, study.metrics.config_hash(), study.baselines.config_hash()
    # A gap that changes no pair changes what is remembered of users all the same.
    return digest("encode", content, study.seed, study.pairs.min_gap, *settings, code)


def seeds_fingerprint(warehouse: Warehouse, split: str, size: int) -> str:
    """Changes with a split's first seed users, their order and their evidence."""
    return digest(warehouse.rows(SEEDS, [split, size]))


def imports_fingerprint(warehouse: Warehouse, split: str, population: str) -> str:
    """Changes with the files that a population's personas and answers were imported from."""
    return digest(warehouse.rows(IMPORTS, [split, population]))


def encoders_fingerprint(warehouse: Warehouse, study: Study, split: str) -> str:
    """Changes when an encoder of the study is trained anew, and when users are folded in.

    What is there depends on more than settings and data: which users an encoder was trained with, and which came later.
    """
    with warehouse.reading():
        return digest(
            [
                warehouse.rows(sql, [split, name, list(study.encoder_seeds(name))])
                for name in study.instruments
                for sql in ENCODERS
            ]
        )


def evaluate_fingerprint(
    study: Study, population: Population, *, split: str, encoded: str, encoders: str, seeds: str | None
) -> str:
    """Of the stage ``evaluate``.

    Args:
        study: Its grounding, and the categories of the split, which a grounded persona's prompt names in their order.
        population: Whose personas; any but a control is held against the perfect rater too.
        split: On which split.
        encoded: Fingerprint of the split's stage ``encode``.
        encoders: What ``encoders_fingerprint`` says.
        seeds: Fingerprint of its seed users or imports, if it has any.
    """
    others = [] if population.rater.is_control else study.populations
    perfect = [other.config_hash() for other in others if other.rater.backend == "perfect"]
    settings = population.config_hash(), study.grounding.config_hash(), study.splits[split], perfect
    return digest("evaluate", *settings, encoded, encoders, seeds)


def has_settings(warehouse: Warehouse, study: Study) -> bool:
    """Whether SQL reads the settings of this study as it is now."""
    return warehouse.rows("select config_hash from raw.study") == [(study.config_hash(),)]


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


def finished_stages(warehouse: Warehouse) -> dict[Stage, str]:
    """The fingerprint under which each stage was last finished; empty without a warehouse."""
    return {
        stage: fingerprint for stage, fingerprint in all_marks(warehouse).items() if stage.job not in (FORMER, WEIGHTS)
    }


def former_encoding(warehouse: Warehouse, split: str) -> str | None:
    """Under which fingerprint a split was last encoded as a whole, before whoever is encoding it, or has failed to."""
    return all_marks(warehouse).get(Stage(FORMER, split))


def keep_former_encoding(warehouse: Warehouse, split: str) -> None:
    """Note what ``former_encoding`` says, before the split is marked as not encoded."""
    if encoded := finished_stages(warehouse).get(Stage("encode", split)):
        mark(warehouse, Stage(FORMER, split), encoded)


def all_marks(warehouse: Warehouse) -> dict[Stage, str]:
    """Finished stages and notes; empty without a warehouse."""
    try:
        rows = warehouse.rows("select job, partition_key, fingerprint from raw.stages")
    except (NoWarehouseError, duckdb.CatalogException):
        return {}
    return {Stage(job, partition): fingerprint for job, partition, fingerprint in rows}


def last_finished(warehouse: Warehouse) -> datetime | None:
    """When the last of the stages that results are made of was finished, UTC without saying so; None: none is.

    Raises:
        NoWarehouseError: There is no warehouse yet.
    """
    ((newest,),) = warehouse.rows(
        "select max(finished_at) from raw.stages where job in ('prepare', 'encode', 'evaluate')"
    )
    return newest


def mark(warehouse: Warehouse, stage: Stage, fingerprint: str | None) -> None:
    """Record that a stage is finished; None: that it is not, so that a killed run does not look done."""
    row = {
        "job": stage.job,
        "partition_key": stage.partition,
        "fingerprint": fingerprint,
        "finished_at": datetime.now(UTC).replace(tzinfo=None),
    }
    rows = pa.Table.from_pylist([row] if fingerprint else [], schema=_SCHEMA)
    warehouse.replace_slice("raw.stages", rows, where={"job": stage.job, "partition_key": stage.partition})


def forget_prepared(warehouse: Warehouse) -> None:
    """Record that the corpus is not finished, whoever has taken files in or out: those before may come back."""
    _forget(warehouse, "job = 'prepare'")


def forget_split(warehouse: Warehouse, split: str) -> None:
    """Record that a split's encoder and its populations are not finished, whoever is about to make the encoder anew."""
    keep_former_encoding(warehouse, split)
    _forget(
        warehouse, "job = 'publish' or job in ('encode', 'evaluate') and split_part(partition_key, '|', -1) = ?", split
    )


def forget_population(warehouse: Warehouse, split: str, population: str) -> None:
    """Record that a population is not finished, whoever is about to make a part of it anew, with whatever settings."""
    _forget(warehouse, "job = 'publish' or job = 'evaluate' and partition_key = ?", f"{population}|{split}")


def forget_results(warehouse: Warehouse) -> None:
    """Record that nothing is published, whoever is about to make a result table anew."""
    _forget(warehouse, "job = 'publish'")


def _forget(warehouse: Warehouse, which: str, *values: str) -> None:
    if warehouse.rows(f"select 1 from raw.stages where {which} limit 1", values):
        warehouse.write(
            lambda connection: connection.execute(f"delete from raw.stages where {which}", values).fetchall()
        )


_SCHEMA = pa.schema(
    [
        ("job", pa.string()),
        ("partition_key", pa.string()),
        ("fingerprint", pa.string()),
        ("finished_at", pa.timestamp("us")),
    ]
)
