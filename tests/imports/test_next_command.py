"""After an import the command is named that scores it: in the warehouse that holds it."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagster_defs.cli import imports, main
from tests.conftest import PROJECT


def test_the_next_command_takes_the_options_of_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    for name in ("STUDY", "WAREHOUSE", "DATA", "LIMIT"):
        monkeypatch.setenv(f"PERSONA_FIDELITY_{name}", "")
    monkeypatch.setattr(imports, "_withdraw", lambda *_: None)
    shutil.copy(PROJECT / "studies" / "demo.yml", "my study.yml")
    given = ["--study", "my study.yml", "--warehouse", "my warehouse.duckdb"]
    done = CliRunner().invoke(main, ["import-personas", "--withdraw", "--population", "mine", *given])
    assert done.exit_code == 0, done.output
    assert f"Next: persona-fidelity run {shlex.join(given)} leaves them out." in done.output
