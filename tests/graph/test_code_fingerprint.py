"""What makes an update of the code known to a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.fingerprints import code_fingerprint
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    "name",
    [
        "python_assets/warehouse/tables.sql",
        "python_assets/report/section_results.html",
        "python_assets/report/style.css",
        "dagster_defs/run.py",
        "models/results/fgi.yml",
        "dbt_project/dbt_project.yml",
        "dbt_project/macros/metrics.sql",
        "dbt_project/seeds/us_adult_marginals.yml",
    ],
)
def test_a_line_more_is_other_code(tmp_path: Path, name: str) -> None:
    copy = tmp_path / name
    copy.parent.mkdir(parents=True)
    copy.write_text((PROJECT / name).read_text())
    before = code_fingerprint(tmp_path)
    copy.write_text(copy.read_text() + "\n")
    assert code_fingerprint(tmp_path) != before


def test_every_kind_of_file_that_results_are_made_with_is_code() -> None:
    """A file of a new kind beside them wants a place in the fingerprint, too."""
    folders = ("python_assets", "models", "dbt_project/macros", "dbt_project/seeds", "dbt_project/data-tests")
    kinds = {
        file.suffix
        for folder in folders
        for file in (PROJECT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith(".")
    }
    assert kinds == {".py", ".sql", ".html", ".css", ".yml", ".csv"}


def test_what_dbt_and_python_leave_behind_is_no_code(tmp_path: Path) -> None:
    before = code_fingerprint(tmp_path)
    for name in ("dbt_project/target/dbt_project.yml", "python_assets/__pycache__/stages.cpython-311.pyc"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert code_fingerprint(tmp_path) == before
