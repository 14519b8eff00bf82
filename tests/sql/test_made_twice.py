"""Rows that two builds at once left twice, as a lake lets them, are made anew by the next build."""

from __future__ import annotations

import shutil
from pathlib import Path

from python_assets.warehouse import Warehouse
from tests.sql.batches import CORPUS, differences
from tests.sql.conftest import Built
from tests.sql.support import run_dbt
from tests.sql.test_changed_code import BUILT


def test_rows_that_are_there_twice_are_made_anew(simulated: Built, tmp_path: Path) -> None:
    warehouse = Warehouse(shutil.copy(simulated.warehouse.path, tmp_path / "simulated.duckdb"))
    with warehouse.connect(read_only=False) as connection:
        for (table,) in connection.execute(BUILT).fetchall():
            for doubled in (table, table.removesuffix("_built")):
                connection.execute(f"insert into {doubled} from {doubled}")
    assert len(differences(warehouse.path, simulated.warehouse.path)) >= 8
    done = run_dbt(warehouse.path, "build", "--select", *CORPUS, target=tmp_path / "target")
    assert done.returncode == 0, done.output
    assert differences(warehouse.path, simulated.warehouse.path) == {}
