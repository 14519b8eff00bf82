"""Code that meets a warehouse of other code says so, before anything is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.prepared import require_settings
from python_assets.report import build_report
from python_assets.study.files import load_study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.layout import LAYOUT, require_known_layout, require_present_layout
from tests.graph.conftest import own_environment, run_command

NEWER = rf"was written by newer code \(layout {LAYOUT + 1}, here {LAYOUT}\): update this installation"
OLDER = rf"was made by older code \(layout 0, here {LAYOUT}\): `run` without `--from`"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A new one."""
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    return made


def written_by(warehouse: Warehouse, change: str) -> None:
    """As other code would leave it."""
    warehouse.write(lambda connection: connection.execute(change).fetchall())


def test_its_own_code_goes_on(warehouse: Warehouse) -> None:
    for _ in range(2):
        require_present_layout(warehouse)
        warehouse.prepare()
    assert warehouse.rows("from raw.layout") == [(LAYOUT,)]


def test_newer_code_s_warehouse_is_refused_and_left_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    written_by(warehouse, f"update raw.layout set number = {LAYOUT + 1}")
    written_by(warehouse, "drop table ml.ratings")
    for refused in (
        warehouse.prepare,
        lambda: require_settings(warehouse, load_study("demo")),
        lambda: build_report(warehouse, tmp_path / "report.html"),
    ):
        with pytest.raises(WarehouseError, match=NEWER):
            refused()
    assert warehouse.rows("select 1 from duckdb_tables() where table_name = 'ratings'") == []


@pytest.mark.parametrize("command", [("status",), ("report",), ("ingest", "--study", "demo")])
def test_commands_refuse_it_in_one_sentence(warehouse: Warehouse, tmp_path: Path, command: tuple[str, ...]) -> None:
    written_by(warehouse, f"update raw.layout set number = {LAYOUT + 1}")
    done = run_command(tmp_path, own_environment(tmp_path), *command, "--warehouse", str(warehouse.path))
    assert done.returncode == 1
    assert "was written by newer code" in done.stderr.splitlines()[-1]


def test_older_code_s_warehouse_is_brought_up_to_date_by_prepare(warehouse: Warehouse) -> None:
    written_by(warehouse, "drop table raw.layout")
    require_known_layout(warehouse)
    with pytest.raises(WarehouseError, match=OLDER):
        require_settings(warehouse, load_study("demo"))
    warehouse.prepare()
    require_settings(warehouse, load_study("demo"))


def test_nothing_is_asked_of_a_warehouse_that_is_not_there_yet(tmp_path: Path) -> None:
    require_present_layout(Warehouse(tmp_path / "none.duckdb"))
    empty = Warehouse(tmp_path / "empty.duckdb")
    written_by(empty, "create table a (b integer)")
    require_present_layout(empty)
