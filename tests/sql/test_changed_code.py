"""Rows that were made by other SQL than today's are made anew, though the reviews are the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from python_assets.warehouse import Warehouse
from tests.sql.batches import CORPUS, Batch, build_batches, differences
from tests.sql.conftest import Built
from tests.sql.support import PROJECT, run_dbt

PAIRS = "select sum(n_pairs) from corpus.users"
BUILT = "select schema_name || '.' || table_name from duckdb_tables() where table_name like '%\\_built' escape '\\'"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("dbt_project/macros/pair_counts.sql", "(1 - 1e-6)", "99"),
        # The column is of another type then, too.
        ("models/corpus/users.sql", "kept_counts.n_pairs, pair_counts.n_pairs, 0)", "0)"),
    ],
    ids=["macro", "model"],
)
def test_changed_code_is_run_on_everything(simulated: Built, tmp_path: Path, file: str, old: str, new: str) -> None:
    for folder in ("dbt_project", "models"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    warehouse = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "simulated.duckdb"))
    code = (tmp_path / file).read_text()
    assert old in code
    (tmp_path / file).write_text(code.replace(old, new))
    done = run_dbt(warehouse.path, "run", "--select", "users", target=tmp_path / "target", project=tmp_path)
    assert done.returncode == 0, done.output
    assert simulated.warehouse.rows(PAIRS) != warehouse.rows(PAIRS) == [(0,)]


def test_tables_of_older_code_are_made_anew(simulated: Built, tmp_path: Path) -> None:
    """Warehouses of before do not say which code made them, and may lack columns."""
    warehouse = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "simulated.duckdb"))
    with duckdb.connect(str(warehouse.path)) as connection:
        built = [name for (name,) in connection.execute(BUILT).fetchall()]
        assert len(built) == 8
        for table in built:
            connection.execute(f"alter table {table} drop column code")
            connection.execute(f"alter table {table.removesuffix('_built')} add column of_before boolean")
    done = run_dbt(warehouse.path, "run", "--select", *CORPUS, target=tmp_path / "target")
    assert done.returncode == 0, done.output
    assert differences(warehouse.path, simulated.warehouse.path) == {}


def test_probes_stay_when_all_else_is_made_anew(simulated: Built, tmp_path: Path) -> None:
    warehouse = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "simulated.duckdb"))
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("delete from ml.item_clusters")
    options = "run", "--full-refresh", "--select", "items", "probe_items"
    done = run_dbt(warehouse.path, *options, target=tmp_path / "target")
    assert done.returncode == 0, done.output
    assert differences(warehouse.path, simulated.warehouse.path) == {}


def test_probes_of_other_settings_are_forgotten(simulated: Built, tmp_path: Path) -> None:
    """A setting is changed at a time; without clusters none can be chosen anew."""
    warehouse = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "simulated.duckdb"))
    settings = "seed", "head_probes", "torso_probes", "tail_probes", "head_items", "torso_items"
    keep = (
        "create table {0} as from probes.probe_items",
        "create table {1} as from raw.study",
        "delete from ml.item_clusters",
    )
    batches = [Batch([statement.format("probes_before", "study_before") for statement in keep], models=["probe_items"])]
    for setting in settings:
        change = (
            f"create table left_{setting} as from probes.probe_items",
            "delete from probes.probe_items",
            "insert into probes.probe_items from probes_before",
            "delete from raw.study",
            f"insert into raw.study select * replace ({setting} / 2 as {setting}) from study_before",
        )
        batches.append(Batch(change, models=["probe_items"]))
    assert build_batches(warehouse.path, tmp_path / "target", batches) == [True] * len(batches)
    unchanged, *changed = [*(f"left_{setting}" for setting in settings), "probes.probe_items"]
    assert warehouse.rows(f"select count(*) > 0 from {unchanged}") == [(True,)]
    assert [warehouse.rows(f"select count(*) from {table}") for table in changed] == [[(0,)]] * len(settings)


def test_probes_of_a_split_that_gained_a_category_are_forgotten(simulated: Built, tmp_path: Path) -> None:
    """Though it has encoders: those met probes of the categories of before. See also test_incremental."""
    warehouse = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "simulated.duckdb"))
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("delete from ml.item_clusters")
        connection.execute("insert into raw.splits values ('Games', 'Books')")
    done = run_dbt(warehouse.path, "run", "--select", "probe_items", target=tmp_path / "target")
    assert done.returncode == 0, done.output
    left = "select distinct split from probes.probe_items order by all"
    assert warehouse.rows(left) == [("Books",), ("Combined",)]
