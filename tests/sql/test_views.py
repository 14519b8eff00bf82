"""Views hold in a copy of the file, whatever that is called, and however their rows are read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_names import SCHEMAS
from tests.sql.conftest import Built
from tests.sql.support import run_dbt


def test_views_can_be_read_in_a_renamed_copy(simulated: Built, tmp_path: Path) -> None:
    copy = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "a copy.duckdb"))
    names = "select schema_name || '.' || view_name from duckdb_views() where not internal order by all"
    views = [name for (name,) in copy.rows(names)]
    assert views == ["corpus.preference_pairs", "personas.grounding_profiles", "staging.stg_reviews"]
    for name in views:
        rows = f"select * from {name} order by all limit 100"
        assert copy.rows(rows) == simulated.warehouse.rows(rows) != []


@pytest.mark.parametrize("name", ["my-study", "2024", "order"])
def test_a_file_may_be_called_what_sql_would_read_otherwise(simulated: Built, tmp_path: Path, name: str) -> None:
    """The second build is the one that compares with the first."""
    copy = Path(shutil.copy(simulated.warehouse.path, tmp_path / f"{name}.duckdb"))
    done = run_dbt(copy, "build", "--exclude-resource-type", "unit_test", target=tmp_path / "target")
    assert done.returncode == 0, done.output


def test_no_file_may_be_called_like_a_schema(simulated: Built) -> None:
    schemas = "select schema_name from duckdb_schemas() where not internal and schema_name <> 'main'"
    assert {schema for (schema,) in simulated.warehouse.rows(schemas)} == set(SCHEMAS)


# A buffer of a page, so that few rows fill it; a process of its own, as a query that hangs can only be killed.
ONE_BY_ONE = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("set streaming_buffer_size = '4KB'")
connection.execute(f"from {sys.argv[2]}")
rows = 0
while part := connection.fetchmany(1000):
    rows += len(part)
print(rows)
"""


# With fewer, the rows of either join come in time.
MANY_USERS = """
    insert into corpus.interactions by name
    select interactions.* replace (user_id || ' ' || copies.number as user_id)
    from corpus.interactions as interactions cross join range(600) as copies (number)
"""


@pytest.mark.parametrize("cap", ["null", "6"])
@pytest.mark.parametrize("view", ["corpus.preference_pairs", "personas.grounding_profiles", "staging.stg_reviews"])
def test_rows_can_be_read_as_they_are_made(simulated: Built, tmp_path: Path, view: str, cap: str) -> None:
    copy = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "copy.duckdb"))
    with copy.connect(read_only=False) as connection:
        connection.execute(f"update raw.study set max_pairs_per_user = {cap}")
        connection.execute(MANY_USERS)
    read = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, copy.address, view], capture_output=True, text=True, timeout=60, check=True
    )
    # DuckDB may draw a progress bar before it.
    assert [(int(read.stdout.split()[-1]),)] == copy.rows(f"select count(*) from {view}")


def test_ratings_are_joined_with_ratings_for_the_pairs_alone(simulated: Built) -> None:
    """Beside such a join, which it takes for much larger than it is, DuckDB holds all interactions: 67 s instead of 30 at 25 million reviews."""
    ((_, plan),) = simulated.warehouse.rows("explain (format json) from corpus.preference_pairs")
    assert plan.count('"rating > rating"') == 1
