"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
LONG_TESTS = "PERSONA_FIDELITY_LONG_TESTS"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked ``long`` take minutes each: they run when they are asked for."""
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
