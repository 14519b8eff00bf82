"""The whole graph on a lake gives what it gives on a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.graph.conftest import STUDY, Finished, finished_run
from tests.graph.results import RESULTS, assert_same_results
from tests.lake.conftest import Server
from tests.lake.object_store import ObjectStore

pytestmark = [pytest.mark.usefixtures("server"), pytest.mark.long]


@pytest.fixture(scope="session", params=[None, "s3://lakes/whole_run/"], ids=["folder", "object store"])
def lake_run(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory, demo_data: Path
) -> Iterator[Finished]:
    """The study of tests/graph on a lake, its files in a folder or in an object store."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            store: ObjectStore = request.getfixturevalue("started_store")
            patch.setenv("HOME", str(store.home))
        lake = server.new_lake("whole_run_stored" if request.param else "whole_run", data=request.param)
        options = ("--warehouse", lake.address, "--lake-data", str(lake.data))
        done = finished_run(tmp_path_factory.mktemp("lake_run"), STUDY.format(root=demo_data), *options)
        yield done._replace(warehouse=lake)


@pytest.mark.parametrize("table", RESULTS)
def test_results_are_those_of_the_file(lake_run: Finished, small_run: Finished, table: str) -> None:
    assert_same_results(lake_run.warehouse, small_run.warehouse, (table,))
