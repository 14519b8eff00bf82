"""Drawing the pairs of a user with a long history, against making all of them and keeping those that a hash puts first."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.result import Result, run_apart
from benchmarks.warehouse import run_dbt
from python_assets.study import Pairs, Population, Rater, Source, Study
from python_assets.study.tables import study_tables
from python_assets.warehouse import Warehouse

CAP = 1_000
# All pairs of a user with many more items do not fit into memory with their hashes.
MOST_ITEMS = 8_000
HISTORY = """
    create or replace table corpus.interactions as
    select 'Books' as split, 'whale' as user_id, 'i' || item as item_id, (1 + item % 5)::double as rating, item + 1 as position,
        if(item < 0.8 * $items, 'train', 'test') as fold
    from range($items) as items(item)
"""
OURS = "select count(*), bit_xor(hash(preferred_item_id, other_item_id)) from corpus.preference_pairs"
PLAIN = """
    select count(*), bit_xor(hash(preferred_item_id, other_item_id))
    from (
        select preferred.item_id as preferred_item_id, other.item_id as other_item_id
        from corpus.interactions as preferred
        inner join corpus.interactions as other
            on preferred.split = other.split and preferred.user_id = other.user_id and preferred.rating - other.rating >= 1
        cross join raw.study as study
        qualify row_number() over (
            partition by preferred.split, preferred.user_id
            order by md5(concat_ws('|', preferred.user_id, preferred.item_id, other.item_id, study.seed))
        ) <= study.max_pairs_per_user
    )
"""


def pair_cap(*, items: int) -> list[Result]:
    """How many times as fast for one user, and the same alone for a history as long as the catalogue."""
    few = min(items, MOST_ITEMS)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "cap.duckdb")
        make_view(warehouse, Path(folder) / "target")
        fill(warehouse, few)
        ours, plain = (run_apart(ask, warehouse=warehouse.address, sql=sql) for sql in (OURS, PLAIN))
        assert ours.value == plain.value == CAP
        fill(warehouse, items)
        long = run_apart(ask, warehouse=warehouse.address, sql=OURS)
        assert long.value == CAP
    details: dict[str, float | int | str] = {
        "ours_s": ours.seconds,
        "plain_s": plain.seconds,
        "ours_mib": ours.peak_mib,
        "plain_mib": plain.peak_mib,
    }
    sizes = f"{CAP:,} of the pairs among {few:,} items"
    return [
        Result("drawing a capped user's pairs", sizes, plain.seconds / ours.seconds, "times", 10, "at least", details),
        Result(
            "the same, a longer history",
            f"{CAP:,} of the pairs among {items:,} items",
            long.seconds,
            "s",
            10,
            "at most",
            {"mib": long.peak_mib},
        ),
    ]


def make_view(warehouse: Warehouse, target: Path) -> None:
    """``corpus.preference_pairs`` as dbt makes it, over a history of our own."""
    warehouse.prepare()
    population = Population(name="perfect", condition="control", rater=Rater(backend="perfect"))
    study = Study(
        name="cap",
        sources=[Source(category="Books", reviews=["unused"])],
        splits={"Books": ["Books"]},
        pairs=Pairs(max_pairs_per_user=CAP),
        populations=[population],
    )
    for table, rows in study_tables(study).items():
        warehouse.replace_slice(table, rows, where={})
    with warehouse.connect(read_only=False) as connection:
        connection.execute("create schema if not exists corpus")
    fill(warehouse, 10)
    run_dbt(warehouse.address, target, "run", "--select", "preference_pairs")


def fill(warehouse: Warehouse, items: int) -> None:
    """One user who has rated so many items."""
    with warehouse.connect(read_only=False) as connection:
        connection.execute(HISTORY, {"items": items})


def ask(warehouse: str, sql: str) -> int:
    """How many pairs there are, each of them looked at; in a process of its own, for its memory."""
    ((n_pairs, _),) = Warehouse(warehouse).rows(sql)
    return int(n_pairs)
