"""Warehouses that dbt built once for all SQL tests."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from python_assets.warehouse import Warehouse
from tests.sql.real_files import load_real_files
from tests.sql.simulated_rows import fill_clusters, fill_raw, fill_scores, simulated_reviews, simulated_study
from tests.sql.support import DbtRun, make_study, new_warehouse, run_dbt


class Built(NamedTuple):
    """A warehouse, how dbt's build of it went, and the folder of dbt's files."""

    warehouse: Warehouse
    run: DbtRun
    target: Path


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The simulated corpus through all models, unit tests and data tests."""
    folder = tmp_path_factory.mktemp("simulated")
    study, reviews = simulated_study(), simulated_reviews(seed=3)
    warehouse = new_warehouse(folder / "simulated.duckdb", study)
    with warehouse.connect(read_only=False) as connection:
        fill_raw(connection, reviews)
        fill_clusters(connection, study, reviews)
        fill_scores(connection, study)
    return Built(warehouse, run_dbt(warehouse.path, "build", target=folder / "target"), folder / "target")


@pytest.fixture(scope="session")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The real review excerpts through all models and data tests."""
    folder = tmp_path_factory.mktemp("real")
    warehouse = new_warehouse(folder / "real.duckdb", make_study())
    with warehouse.connect(read_only=False) as connection:
        load_real_files(connection, real_data)
    run = run_dbt(warehouse.path, "build", "--exclude-resource-type", "unit_test", target=folder / "target")
    return Built(warehouse, run, folder / "target")
