"""Several commands at once that are the first in a DAGSTER_HOME."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagster_defs.cli.errors import sentence
from dagster_defs.history import open_history


def test_several_first_openings_at_once_all_succeed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def count(_: int) -> int:
        with open_history() as instance:
            return instance.get_runs_count()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, range(4))) == [0] * 4


def test_a_history_that_cannot_be_opened_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where its folder is taken away, or full, in the middle of a run."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").touch()
    with open_history():
        pass
    (tmp_path / "history" / "runs.db").unlink()
    (tmp_path / "history" / "runs.db").mkdir()
    with pytest.raises(Exception, match="sqlite3") as failed, open_history() as instance:
        instance.get_runs()
    said = sentence(failed.value)
    assert said.startswith(f"Dagster's history in {tmp_path} cannot be used (unable to open database file): see that")
    assert "\n" not in said
