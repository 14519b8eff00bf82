"""A warehouse's file cannot have every name."""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
import pytest

from dagster_defs.workspace import export, open_workspace
from python_assets.addresses import open_warehouse
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.file_names import check_file_name, check_history, check_path_for_runs


@pytest.mark.parametrize("name", ["results.duckdb", "RAW.db", ".ml.duckdb", "corpus.2026.duckdb", "probes"])
def test_a_schemas_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        WarehouseError,
        match=r"has a meaning of its own in its SQL: name it otherwise, such as --warehouse .*_warehouse",
    ):
        open_warehouse(tmp_path / name)
    with duckdb.connect(str(tmp_path / name)) as connection:
        schema = name.strip(".").split(".")[0]
        connection.execute(f"create schema {schema}; create table {schema}.{schema}.t (i int)")
        with pytest.raises(duckdb.BinderException, match="Ambiguous reference"):
            connection.execute(f"from {schema}.t")


@pytest.mark.parametrize("name", ["main.duckdb", "TEMP.duckdb", "system", "information_schema.duckdb"])
def test_a_name_that_duckdb_keeps_for_itself_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WarehouseError, match="has a meaning of its own"):
        open_warehouse(tmp_path / name)


def test_a_pipe_is_no_warehouse(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.duckdb")
    with pytest.raises(WarehouseError, match="is a pipe or a device"):
        open_warehouse(tmp_path / "w.duckdb")


@pytest.mark.parametrize("path", ["a#1/w.duckdb", "w?.duckdb", "a%20b/w.duckdb", "it's.duckdb", '"w".duckdb'])
def test_a_path_that_dbt_or_dagster_cannot_read_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(WarehouseError, match="choose another place"):
        check_path_for_runs(tmp_path / path)
    # It may be read all the same.
    assert open_warehouse(tmp_path / path).path == tmp_path / path


@pytest.mark.parametrize(
    "path", ["my results.duckdb", "results/rawdata.duckdb", "main_results.db", "it's mine/ünï.duckdb"]
)
def test_other_names_are_not(tmp_path: Path, path: str) -> None:
    check_file_name(tmp_path / path)
    check_path_for_runs(tmp_path / path)


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%20b"])
def test_a_history_that_dagster_would_look_for_elsewhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PERSONA_FIDELITY_WAREHOUSE", str(tmp_path / "w.duckdb"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / name))
    with pytest.raises(WarehouseError, match=f"cannot read a {re.escape(name[1])} there: set DAGSTER_HOME"):
        export(open_workspace(), study=None, data_root=None, limit=None)
    assert not [*tmp_path.iterdir()]


def test_a_history_may_have_other_names(tmp_path: Path) -> None:
    check_history(tmp_path / "it's 100% mine" / "ünï")
