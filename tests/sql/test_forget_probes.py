"""When chosen probes go: the statements that run before ``probe_items``, on a handful of rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

from python_assets.text.clusters import PROBE_SETTINGS
from tests.sql.support import PROJECT

MACROS = (PROJECT / "dbt_project" / "macros" / "probes.sql").read_text()
ROWS = """
    create schema ml;
    create table study as select
        7 as seed, 2 as head_probes, 2 as torso_probes, 2 as tail_probes, 0.2 as head_items, 0.4 as torso_items,
        false as refresh_probes;
    create table splits as from (values ('Books', 'Books'), ('All', 'Games'), ('All', 'Books')) as rows (split, category);
    create table ml.encoder_runs as
    from (values ('Books', 7, 'Books'), ('All', 7, 'Books|Games')) as rows (split, seed, categories);
    create table chosen as
    select rows.*, (select {settings} from study) as settings_hash
    from (
        values ('Books', 'b1', 'Books', 'Books'), ('All', 'b1', 'Books', 'Books|Games'), ('All', 'g1', 'Games', 'Books|Games')
    ) as rows (split, item_id, category, categories);
"""


class Relation(SimpleNamespace):
    """What dbt calls ``this``."""

    database = "memory"

    def __str__(self) -> str:
        return "chosen"


def macros_of_probes() -> Any:
    environment = Environment(autoescape=False)
    environment.globals |= {"is_incremental": lambda: True, "this": Relation()}
    return environment.from_string(MACROS).module


def probes_after(*changes: str) -> list[tuple[str, str]]:
    """Splits that have probes after the changes, and the categories that these are noted to be chosen from."""
    macros = macros_of_probes()
    with duckdb.connect() as connection:
        connection.execute(ROWS.format(settings=macros.probe_settings()))
        for change in changes:
            connection.execute(change)
        connection.execute(macros.forget_probes("study", "splits"))
        return connection.execute("select distinct split, categories from chosen order by all").fetchall()


def splits_after(change: str) -> list[str]:
    return [split for split, _ in probes_after(change)]


KEPT = [
    "update study set refresh_probes = null",
    "delete from splits where split = 'Books'",
    "update ml.encoder_runs set categories = null",
    "update chosen set categories = null",
    "insert into ml.encoder_runs values ('All', 9, 'Books|Games')",
]


@pytest.mark.parametrize("change", KEPT)
def test_an_encoder_of_the_same_seed_and_categories_keeps_them(change: str) -> None:
    assert splits_after(change) == ["All", "Books"]


GONE = {
    "update study set refresh_probes = true": [],
    **{
        f"update study set {setting}": []
        for setting in (
            "seed = 8",
            "head_probes = 3",
            "torso_probes = 3",
            "tail_probes = 3",
            "head_items = 0.1",
            "torso_items = 0.3",
        )
    },
    "update study set seed = 8; update ml.encoder_runs set seed = 8": [],
    "delete from ml.encoder_runs where split = 'All'": ["Books"],
    "update ml.encoder_runs set split = 'Both' where split = 'All'": ["Books"],
    "update ml.encoder_runs set seed = 8 where split = 'All'": ["Books"],
    "update ml.encoder_runs set categories = 'Books' where split = 'All'": ["Books"],
    "insert into splits values ('Books', 'Games')": ["All"],
    "delete from splits where category = 'Games'": ["Books"],
    # Probes of older code do not say their categories; that one of theirs has left is seen all the same.
    "update chosen set categories = null; delete from splits where category = 'Games'": ["Books"],
}


@pytest.mark.parametrize("change", GONE)
def test_whatever_the_encoder_did_not_meet_makes_them_go(change: str) -> None:
    assert splits_after(change) == GONE[change]


def test_probes_of_older_code_are_given_the_present_categories() -> None:
    noted = [("All", "Books|Games"), ("Books", "Books")]
    assert probes_after() == noted
    assert probes_after("alter table chosen drop column categories") == noted


def test_python_and_sql_choose_probes_anew_for_the_same_settings() -> None:
    assert macros_of_probes().probe_settings().strip() == PROBE_SETTINGS


def test_duckdb_still_hashes_the_settings_of_the_choice_as_it_did() -> None:
    """It promises no such thing. Before a DuckDB with another value is allowed, `settings_hash` has to become an md5 in
    warehouses that are there: with the new value all chosen probes would go, and models be asked everything anew."""
    kinds = "seed integer, head_probes integer, torso_probes integer, tail_probes integer, head_items double, torso_items double"
    with duckdb.connect() as connection:
        connection.execute(f"create table study ({kinds}); insert into study values (42, 40, 120, 40, 0.2, 0.4)")
        found = connection.execute(f"select {PROBE_SETTINGS} from study").fetchone()
    assert found == (14009006454709222141,)
