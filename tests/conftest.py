"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Beside other test processes, torch's threads would wait for each other; told before anything imports torch.
if os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

PROJECT = Path(__file__).parent.parent
LONG_TESTS = "PERSONA_FIDELITY_LONG_TESTS"
# Fixtures that take half a minute or more, shared by several files.
SHARED_FIXTURES = frozenset({"small_run", "simulated", "real"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, and let one process have all tests that share a slow fixture.

    Tests marked ``long`` run when they are asked for. With several processes (``-n 2 --dist loadgroup``) the tests of a
    file stay together, and files that share a fixture do, so that each fixture is made once.
    """
    groups: dict[Path, str] = {}
    for item in items:
        for fixture in SHARED_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            groups[item.path] = fixture
    for item in items:
        item.add_marker(pytest.mark.xdist_group(groups.get(item.path, str(item.path))))
    skip = pytest.mark.skip(reason=f"takes minutes: set {LONG_TESTS}=1 to run it")
    for item in items:
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
