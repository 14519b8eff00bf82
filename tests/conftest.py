"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
LONG_TESTS = "PERSONA_FIDELITY_LONG_TESTS"
# They start the project's own Dagster and dbt folder, which one process at a time may use.
ONE_PROCESS = {"cli", "graph", "ingest", "lake"}

# Two processes with two threads each slow each other tenfold on two cores; set before anything imports torch.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A folder's tests share a process and its fixtures; tests marked ``long`` run when they are asked for."""
    skip = pytest.mark.skip(reason=f"takes minutes: set {LONG_TESTS}=1 to run it")
    for item in items:
        folder = item.path.parent.name
        item.add_marker(pytest.mark.xdist_group("runs" if folder in ONE_PROCESS else folder))
        if item.get_closest_marker("long") and not os.environ.get(LONG_TESTS):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real review excerpts; tests that need it skip where it is not installed."""
    root = Path(os.environ.get("PERSONA_FIDELITY_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"no real review data at {root}: set PERSONA_FIDELITY_TEST_DATA to a folder that holds it")
    return root


@pytest.fixture(scope="session")
def demo_data() -> Path:
    """The bundled simulated corpus."""
    return PROJECT / "studies" / "demo"
