"""A lake's folder has one name: the option's and the variable's are the same, and what a link leads to is this machine's own."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from dagster_defs.cli import main
from dagster_defs.workspace import open_workspace
from python_assets.addresses import open_warehouse
from python_assets.lake import LAKE_DATA_VARIABLE, Lake
from python_assets.lake.errors import why

ADDRESS = "ducklake:postgres:dbname=nothing host=127.0.0.1"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where somebody stands, with a folder and a link to it; the environment is put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(LAKE_DATA_VARIABLE, "")
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    (tmp_path / "shared").symlink_to("disk/deep")
    return tmp_path


@pytest.mark.parametrize(
    ("given", "kept"), [("shared", "shared"), ("./new/lake", "new/lake"), ("disk/../new", "new"), ("shared/..", "disk")]
)
def test_option_and_variable_name_the_same(folder: Path, given: str, kept: str) -> None:
    for workspace in (
        open_workspace(study="demo", warehouse=ADDRESS, lake_data=given),
        open_workspace(study="demo", warehouse=ADDRESS),
    ):
        assert isinstance(workspace.warehouse, Lake)
        assert workspace.warehouse.data == str(folder / kept)
    named = open_warehouse(ADDRESS, lake_data=given)
    assert isinstance(named, Lake)
    assert named.data == str(folder / kept)


def test_a_folder_named_by_a_url_makes_none_of_that_name(folder: Path) -> None:
    done = CliRunner().invoke(main, ["run", "--dry-run", "--warehouse", ADDRESS, "--lake-data", "file:/mnt/lake"])
    assert done.exit_code == 1
    assert "give the folder's own path, /mnt/lake." in done.output


def test_a_folder_for_a_warehouse_that_is_no_lake_is_bad_usage(folder: Path) -> None:
    done = CliRunner().invoke(main, ["run", "--dry-run", "--warehouse", "w.duckdb", "--lake-data", "shared"])
    assert done.exit_code == 2
    assert f"{folder / 'w.duckdb'} is no lake" in done.output


def test_a_folder_that_is_not_the_lakes_says_who_may_have_named_it() -> None:
    error = duckdb.InvalidInputException('DATA_PATH parameter "/a/" does not match existing data path in the catalog')
    assert "leave --lake-data out, and unset PERSONA_FIDELITY_LAKE_DATA;" in why(error, ADDRESS)
