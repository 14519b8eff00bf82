"""Several commands at once that are the first in a DAGSTER_HOME."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagster_defs.history import open_history


def test_several_first_openings_at_once_all_succeed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def count(_: int) -> int:
        with open_history() as instance:
            return instance.get_runs_count()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, range(4))) == [0] * 4
