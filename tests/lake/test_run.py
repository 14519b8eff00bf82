"""The whole graph on a lake gives what it gives on a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.conftest import STUDY, Finished, finished_run
from tests.graph.results import RESULTS, assert_same_results
from tests.lake.conftest import Server

pytestmark = [pytest.mark.usefixtures("server"), pytest.mark.long]


@pytest.fixture(scope="session")
def lake_run(server: Server, tmp_path_factory: pytest.TempPathFactory, demo_data: Path) -> Finished:
    """The study of tests/graph on a lake."""
    lake, folder = server.new_lake("whole_run"), tmp_path_factory.mktemp("lake_run")
    options = ("--warehouse", lake.address, "--lake-data", str(lake.data))
    done = finished_run(folder, STUDY.format(root=demo_data), *options)
    return done._replace(warehouse=lake)


@pytest.mark.parametrize("table", RESULTS)
def test_results_are_those_of_the_file(lake_run: Finished, small_run: Finished, table: str) -> None:
    assert_same_results(lake_run.warehouse, small_run.warehouse, (table,))
