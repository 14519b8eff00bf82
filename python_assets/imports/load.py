"""`import-personas` and `import-ratings`: a file takes the place of what was imported before, or nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from python_assets.imports.files import ImportFileError, read_texts
from python_assets.imports.rules import PERSONA_RULES, RATING_RULES, Rule, check_rows
from python_assets.ingest.files import sha256
from python_assets.study import IMPORTED, Population, Study
from python_assets.warehouse import Warehouse, replace_rows

PERSONA_COLUMNS = ("persona_id", "persona_text", "seed_user_id")
RATING_COLUMNS = ("persona_id", "item_id", "rating", "seed_user_id")
COUNTS = {
    "personas": """
        select count(*), count(seed_user_id), null, null from raw.imported_personas
        where split = $split and population = $population
    """,
    "ratings": """
        select
            count(distinct ratings.persona_id),
            count(distinct ratings.persona_id) filter (ratings.seed_user_id is not null or personas.seed_user_id is not null),
            count(probes.item_id),
            (select count(*) from probes.probe_items where split = $split)
        from raw.imported_ratings as ratings
        left join raw.imported_personas as personas using (split, population, persona_id)
        left join probes.probe_items as probes using (split, item_id)
        where ratings.split = $split and ratings.population = $population
    """,
}
# Probes of older code have no such column.
PREPARED = """
    select split, any_value(to_json(probes) ->> '$.categories') from probes.probe_items as probes
    group by split
"""
UNKNOWN_PERSONA = Rule(
    """
    select row_number, persona_id from rows
    semi join (select distinct split from raw.imported_personas where population = $population) using (split)
    anti join (select split, persona_id from raw.imported_personas where population = $population)
        using (split, persona_id)
    """,
    "rates as persona {}, who is not among the imported personas of that split: import the personas first",
)
OTHER_SEED_USER = Rule(
    """
    select rows.row_number, rows.persona_id from rows
    inner join raw.imported_personas as known on rows.split = known.split and rows.persona_id = known.persona_id
    where known.population = $population and rows.seed_user_id is not null
        and rows.seed_user_id is distinct from known.seed_user_id
    """,
    "gives persona {} another seed_user_id than the imported persona has: leave the column out",
)
LEFT_OUT_PERSONA = Rule(
    """
    select distinct null::bigint as row_number, persona_id from raw.imported_ratings
    semi join rows using (split)
    anti join rows using (split, persona_id)
    where population = $population
    """,
    "leaves out persona {}, whose answers were imported: add it, or take the answers out with `import-ratings --withdraw`",
)
SEED_USER_UNLIKE_ANSWERS = Rule(
    """
    select distinct rows.row_number, rows.persona_id from rows
    inner join raw.imported_ratings as known on rows.split = known.split and rows.persona_id = known.persona_id
    -- A user who has left the corpus cannot be named any more.
    inner join corpus.users as users on known.split = users.split and known.seed_user_id = users.user_id
    where known.population = $population and rows.seed_user_id is distinct from known.seed_user_id
    """,
    "gives persona {} another seed_user_id than its imported answers have: "
    "correct it, or take the answers out with `import-ratings --withdraw`",
)


class Imported(NamedTuple):
    """What the warehouse now holds of one split and population."""

    split: str
    n_rows: int
    """Rows of the file."""
    n_personas: int
    n_seeded: int
    """Personas that stand for a user: only these have paired metrics."""
    n_probe_ratings: int | None
    """Answers to a probe; None after personas. Others are kept, and used should the probes change."""
    n_probes: int | None


def import_personas(
    warehouse: Warehouse, study: Study, path: Path, *, population: str, split: str | None = None
) -> list[Imported]:
    """Read persona texts: columns persona_id, persona_text, and, if they stand for users, seed_user_id.

    Args:
        warehouse: With the corpus of the study, for seed users.
        study: Says that the population is imported.
        path: CSV, JSON lines or Parquet.
        population: Whose personas they are.
        split: Of all rows without a ``split`` of their own; may be left out when the study has one split.

    Returns:
        One entry a split of the file.

    Raises:
        ImportFileError: Anything that keeps a row from being used; the warehouse is as it was.
    """
    _imported_population(study, population)
    rows = _rows(path, PERSONA_COLUMNS[:2], PERSONA_COLUMNS[2:], study, split)
    rules = (*PERSONA_RULES, LEFT_OUT_PERSONA, SEED_USER_UNLIKE_ANSWERS)
    return _keep(warehouse, study, path, rows, rules, kind="personas", population=population)


def import_ratings(
    warehouse: Warehouse, study: Study, path: Path, *, population: str, split: str | None = None
) -> list[Imported]:
    """Read answers: columns persona_id, item_id, rating, and, for personas that were not imported, seed_user_id.

    Arguments, result and errors are those of `import_personas`.
    """
    settings = _imported_population(study, population)
    if settings.rater.backend != IMPORTED:
        raise ImportFileError(
            f"Population {population} is rated here by {settings.rater.backend}: "
            "write `rater: {backend: imported}` in the study to bring its answers."
        )
    rows = _rows(path, RATING_COLUMNS[:3], RATING_COLUMNS[3:], study, split)
    rules = (*RATING_RULES, UNKNOWN_PERSONA, OTHER_SEED_USER)
    return _keep(warehouse, study, path, rows, rules, kind="ratings", population=population)


def _imported_population(study: Study, name: str) -> Population:
    names = [population.name for population in study.populations]
    if name not in names:
        raise ImportFileError(
            f"Study {study.name} has no population {name} (it has {', '.join(names)}): add "
            f"`- {{name: {name}, condition: imported, rater: {{backend: imported}}}}` under its `populations`."
        )
    settings = study.population(name)
    if settings.condition != IMPORTED:
        raise ImportFileError(
            f"Population {name} is made here ({settings.condition}): "
            "name another one, or write `condition: imported` in the study."
        )
    return settings


def _rows(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...], study: Study, split: str | None
) -> pa.Table:
    rows = read_texts(path, required=required, optional=(*optional, "split"))
    default = split or (next(iter(study.splits)) if len(study.splits) == 1 else None)
    if default is None and rows["split"].null_count:
        raise ImportFileError(
            f"{path} does not say which split its rows are of: give --split ({', '.join(study.splits)}), "
            "or a column split."
        )
    filled = pc.fill_null(rows["split"], default) if default else rows["split"]
    return rows.set_column(rows.column_names.index("split"), "split", filled)


def _keep(
    warehouse: Warehouse,
    study: Study,
    path: Path,
    rows: pa.Table,
    rules: tuple[Rule, ...],
    *,
    kind: str,
    population: str,
) -> list[Imported]:
    try:
        warehouse.rows("select 1 from corpus.users limit 1")
        prepared = dict(warehouse.rows(PREPARED))
    except duckdb.CatalogException as error:
        raise ImportFileError(
            f"{warehouse.address} has no corpus and no probes yet: `persona-fidelity run --until prepare` makes them."
        ) from error
    for split in sorted(set(study.splits) & set(rows["split"].to_pylist())):
        present = "|".join(sorted(study.splits[split]))
        if split not in prepared or prepared[split] not in (None, present):
            raise ImportFileError(
                f"Split {split} is not prepared yet with the categories that the study gives it: "
                "`persona-fidelity run --until prepare` makes its corpus and probes."
            )
    shape = next(iter(study.instruments.values())).encoder
    warehouse.prepare(prototypes=shape.prototypes, dimension=shape.dimension)
    values = {
        "splits": list(study.splits),
        "elicitation": study.population(population).rater.elicitation,
        "population": population,
    }
    record = {
        "path": str(path.absolute()),
        "sha256": sha256(path),
        "kind": kind,
        "imported_at": datetime.now(UTC).replace(tzinfo=None),
    }
    done: list[Imported] = []

    def save(connection: duckdb.DuckDBPyConnection) -> None:
        done.clear()
        check_rows(connection, rows, rules, file=str(path), values=values)
        for split in sorted(set(rows["split"].to_pylist())):
            key = {"split": split, "population": population}
            own = rows.filter(pc.equal(rows["split"], split))
            own = own.append_column("population", pa.array([population] * own.num_rows, pa.string()))
            replace_rows(connection, f"raw.imported_{kind}", own, where=key)
            entry = pa.Table.from_pylist([{**key, **record, "n_rows": own.num_rows}])
            replace_rows(connection, "raw.imports", entry, where={**key, "kind": kind})
            counts = connection.execute(COUNTS[kind], key).fetchone()
            assert counts is not None
            done.append(Imported(split, own.num_rows, *counts))
            if kind == "ratings" and not done[-1].n_probe_ratings:
                raise ImportFileError(
                    f'No item of {path} is a probe of {split}: `persona-fidelity sql "select item_id, item_title '
                    f"from probes.probe_items where split = '{split}'\"` shows which items to rate."
                )

    warehouse.write(save)
    return done
