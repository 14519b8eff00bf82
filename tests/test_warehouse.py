"""Answers in columns: parameters by place and by name, vectors whole, some rows at a time, and nothing said about it."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from dagster_defs.resources import WarehouseResource
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import batches, columns, from_matrix, to_matrix
from python_assets.warehouse.file_errors import WarehouseError
from tests.conftest import PROJECT


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Seven vectors of three numbers, numbered."""
    made = Warehouse(tmp_path / "vectors.duckdb")
    made.write(lambda connection: connection.execute("create table vectors (number integer, vector float[3])"))
    rows = pa.table({"number": pa.array(range(7), pa.int32()), "vector": from_matrix(np.arange(21).reshape(7, 3))})
    made.replace_slice("vectors", rows, where={})
    return made


@pytest.mark.parametrize(
    ("condition", "params"),
    [("number >= ? and number < ?", [2, 5]), ("number >= $low and number < $high", {"low": 2, "high": 5})],
)
def test_parameters_by_place_and_by_name(
    warehouse: Warehouse, condition: str, params: list[int] | dict[str, int]
) -> None:
    found = warehouse.read(f"select * from vectors where {condition} order by number", params)
    assert found["number"].to_pylist() == [2, 3, 4]
    assert pa.types.is_fixed_size_list(found["vector"].type)
    assert (to_matrix(found["vector"]) == np.arange(6, 15).reshape(3, 3)).all()


def test_no_rows_still_have_columns(warehouse: Warehouse) -> None:
    found = warehouse.read("select * from vectors where number = ?", [99])
    assert (found.num_rows, found.column_names) == (0, ["number", "vector"])


def test_batches_hold_all_rows_and_no_more_than_asked_at_once(warehouse: Warehouse) -> None:
    sql = "select range as number from range(10000) where range % $step = 0 order by number"
    with warehouse.connect() as connection:
        sizes, total = [], 0
        for batch in batches(connection, sql, {"step": 2}, rows=2048):
            sizes.append(batch.num_rows)
            total += sum(batch["number"].to_pylist())
    assert max(sizes) <= 2048
    assert (sum(sizes), total) == (5000, sum(range(0, 10000, 2)))


def test_nothing_is_said(warehouse: Warehouse) -> None:
    with warnings.catch_warnings(), warehouse.connect() as connection:
        warnings.simplefilter("error")
        assert columns(connection, "select ? as one", [1])["one"].to_pylist() == [1]
        assert [batch.num_rows for batch in batches(connection, "select ? as one", [1], rows=10)] == [1]


def test_reads_in_a_row_share_one_connection(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(
        warehouse, "_open", lambda **options: opened.append(options) or Warehouse._open(warehouse, **options)
    )
    with warehouse.reading():
        assert warehouse.rows("select count(*) from vectors") == [(7,)]
        assert warehouse.read("select * from vectors where number = ?", [3]).num_rows == 1
    assert opened == [{"read_only": True}]
    warehouse.rows("select 1")
    assert len(opened) == 2


def test_a_write_among_shared_reads_is_a_mistake_and_the_file_is_let_go(warehouse: Warehouse) -> None:
    with pytest.raises(RuntimeError, match="inside `reading`"), warehouse.reading():
        warehouse.write(lambda connection: connection.execute("delete from vectors"))
    warehouse.write(lambda connection: connection.execute("delete from vectors where number = 0"))
    assert warehouse.rows("select count(*) from vectors") == [(6,)]


def test_several_slices_are_replaced_together_or_not_at_all(warehouse: Warehouse) -> None:
    rows = warehouse.read("select * from vectors where number = ?", [5])
    warehouse.replace_slices([("vectors", rows, {"number": 1}), ("vectors", rows, {"number": 2})])
    assert warehouse.rows("select list(number order by number) from vectors") == [([0, 3, 4, 5, 5, 5, 6],)]
    wrong = rows.rename_columns(["number", "no_such_column"])
    with pytest.raises(duckdb.Error):
        warehouse.replace_slices([("vectors", rows, {"number": 0}), ("vectors", wrong, {"number": 3})])
    assert warehouse.rows("select list(number order by number) from vectors") == [([0, 3, 4, 5, 5, 5, 6],)]


def test_a_new_file_has_the_newer_storage_format_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    query = "select tags['storage_version'] from duckdb_databases() where path is not null"
    old = tmp_path / "old.duckdb"
    with duckdb.connect(str(old)) as connection:
        as_it_was = connection.execute(query).fetchall()
    for path in (tmp_path / "it's new.duckdb", old):
        Warehouse(path).prepare()
    assert "v1.4" in Warehouse(tmp_path / "it's new.duckdb").rows(query)[0][0]
    assert Warehouse(old).rows(query) == as_it_was


@pytest.mark.parametrize("said", ["Permission denied", "Read-only file system"])
def test_a_file_without_permission_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    path = tmp_path / "w.duckdb"
    Warehouse(path).prepare()

    def refuse(*_: object, **__: object) -> None:
        # Root may write everything, so the fault cannot be made here.
        raise duckdb.IOException(f'IO Error: Cannot open file "{path}": {said}')

    monkeypatch.setattr(duckdb, "connect", refuse)
    with pytest.raises(WarehouseError, match=r"w\.duckdb may not be written: check its permissions, and whether"):
        Warehouse(path).write(lambda connection: None)
    with pytest.raises(WarehouseError, match="may not be read"):
        Warehouse(path).rows("select 1")


def test_a_file_that_is_taken_away_meanwhile_is_not_made_anew(warehouse: Warehouse) -> None:
    warehouse.path.unlink()
    for action in (
        lambda: warehouse.rows("select 1"),
        lambda: warehouse.write(lambda connection: connection.execute("select 1")),
    ):
        with pytest.raises(WarehouseError, match=r"vectors\.duckdb was there and is gone: bring it back"):
            action()
    assert not warehouse.path.exists()


def test_a_tool_that_opens_the_file_itself_makes_none(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="There is no warehouse at"):
        Warehouse(tmp_path / "w.duckdb").take_turn({})
    assert not [*tmp_path.iterdir()]


def test_the_steps_of_a_run_see_that_the_file_is_gone(warehouse: Warehouse) -> None:
    resource = WarehouseResource(address=warehouse.address)
    resource.open().rows("select 1")
    warehouse.path.unlink()
    with pytest.raises(WarehouseError, match="was there and is gone"):
        resource.open().rows("select 1")


def test_the_copy_of_the_docs_holds_what_a_killed_process_wrote(warehouse: Warehouse) -> None:
    """Its last changes stand in a second file beside the first."""
    killed = f"""
import duckdb, os
held = duckdb.connect({str(warehouse.path)!r})
held.execute("set checkpoint_threshold = '1GB'; insert into vectors values (7, [1, 2, 3])")
os._exit(1)
"""
    subprocess.run([sys.executable, "-c", killed], check=False)
    assert Path(f"{warehouse.path}.wal").exists()
    (command,) = re.findall(r'^python -c "(.*)"$', (PROJECT / "docs" / "warehouse.md").read_text(), re.MULTILINE)
    copy = Warehouse(warehouse.beside("copy"))
    told = command.replace("warehouse/demo.duckdb", str(warehouse.path)).replace("copy.duckdb", str(copy.path))
    subprocess.run([sys.executable, "-c", told], check=True)
    assert copy.rows("from vectors order by all") == warehouse.rows("from vectors order by all")
    assert copy.rows("select count(*) from vectors") == [(8,)]
