"""A warehouse that cannot be read has no estimate: only where there is none a study is before its first run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagster_defs.cli import main
from python_assets.warehouse import Warehouse


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a warehouse that is not there yet."""
    for name in ("STUDY", "WAREHOUSE", "DATA", "LIMIT"):
        monkeypatch.setenv(f"PERSONA_FIDELITY_{name}", "")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    return tmp_path / "w.duckdb"


def estimated(warehouse: Path | str) -> Result:
    return CliRunner().invoke(main, ["estimate", "--study", "demo", "--warehouse", str(warehouse)])


def test_a_damaged_warehouse(path: Path) -> None:
    path.write_text("x" * 9000)
    done = estimated(path)
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {path} cannot be opened as a DuckDB file")


def test_a_warehouse_of_newer_code(path: Path) -> None:
    Warehouse(path).prepare()
    Warehouse(path).write(lambda connection: connection.execute("update raw.layout set number = 99").fetchall())
    done = estimated(path)
    assert done.exit_code == 1
    assert "was written by newer code (layout 99" in done.output


def test_a_lake_whose_catalogue_is_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("duckdb_extensions")
    monkeypatch.chdir(path.parent)
    done = estimated("ducklake:postgres:dbname=nothing host=127.0.0.1 port=1")
    assert done.exit_code == 1
    assert "no PostgreSQL answers there" in done.output
    assert "before its first run" not in done.output
