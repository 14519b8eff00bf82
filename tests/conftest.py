"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# A shell that starts the tests in the background has SIGINT ignored; Dagster, run in a test, then leaves SIGTERM ignored, too, here
# and in all processes that later tests start and end. Under nohup, SIGHUP is, which tests send to what they start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Beside other test processes, torch's threads would wait for each other; told before anything imports torch.
if os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

PROJECT = Path(__file__).parent.parent
LONG_TESTS = "PERSONA_FIDELITY_LONG_TESTS"
# Folders whose files share a fixture that takes half a minute or more.
TOGETHER = ("tests/graph/", "tests/sql/")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """With several processes, which tests one of them takes: those of a file, or of a folder that shares a slow fixture."""
    # xdist is there when it calls. Its own `xdist_group` has no effect under pytest 9.
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.split("::")[0])

    return Together(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: all processes must collect the same names, and gzip data hold the time."""
    return argname if isinstance(val, bytes) else None


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
