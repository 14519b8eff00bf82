"""The check that says in Dagster that results are older than the corpus."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg

from dagster_defs.checks import follows_the_corpus
from dagster_defs.definitions import defs
from dagster_defs.resources import WarehouseResource
from tests.graph.conftest import Finished


def check(file: Path) -> dg.AssetCheckResult:
    """What the check says of a warehouse."""
    result = follows_the_corpus(warehouse=WarehouseResource(address=str(file)))
    assert isinstance(result, dg.AssetCheckResult)
    return result


def test_it_counts_users_who_changed_left_or_came(small_run: Finished, tmp_path: Path) -> None:
    file = tmp_path / "copy.duckdb"
    shutil.copy(small_run.warehouse.path, file)
    assert check(file).passed
    users = "(select user_id from corpus.users order by user_id limit 1 offset {})"
    with WarehouseResource(address=str(file)).open().connect(read_only=False) as connection:
        connection.execute(
            f"update corpus.interactions set rating = 6 - rating where rating <> 3 and user_id = {users.format(0)}"
        )
        connection.execute(f"delete from ml.user_embeddings where user_id = {users.format(1)}")
        connection.execute(f"delete from corpus.users where user_id = {users.format(2)}")
    found = check(file)
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert found.metadata["users_by_split"].value == {"Combined": 3}
    assert found.metadata["users"].value == 3
    assert "Combined (3 users)" in str(found.description)
    with WarehouseResource(address=str(file)).open().connect(read_only=False) as connection:
        connection.execute("delete from raw.instruments")
    assert check(file).passed, "what the study no longer has is nobody's to refresh"


def test_prepare_ends_with_it() -> None:
    assert any("follows_the_corpus" in node for node in defs.resolve_job_def("prepare").graph.node_dict)
