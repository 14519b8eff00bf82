"""Fingerprints of all that a stage of a run depends on: files, settings, code, and what is in the warehouse."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from python_assets.study import Population, Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError

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
CODE_FOLDERS = {
    "python_assets": ("*.py", "*.sql", "*.html", "*.css"),
    "dagster_defs": ("*.py",),
    "models": ("*.sql", "*.yml"),
}
DBT_FOLDERS = {"macros": ("*.sql",), "seeds": ("*.csv", "*.yml"), "data-tests": ("*.sql",)}


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
