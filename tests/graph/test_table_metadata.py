"""What the UI shows of dbt's tables, and what becomes of a build's events when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dagster_defs.table_metadata import with_table_metadata
from python_assets.warehouse import Warehouse
from tests.graph.conftest import Finished


def latest_metadata(run: Finished, *key: str) -> dict[str, object]:
    """Of the latest materialization of an asset."""
    with dg.DagsterInstance.from_config(str(run.folder / ".dagster")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(key))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_a_table_shows_its_rows_and_columns(small_run: Finished) -> None:
    found = latest_metadata(small_run, "corpus", "users")
    assert found["dagster/row_count"] == small_run.warehouse.rows("select count(*) from corpus.users")[0][0]
    schema = found["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert [(column.name, column.type) for column in schema.columns][:3] == [
        ("split", "VARCHAR"),
        ("user_id", "VARCHAR"),
        ("n_reviews", "BIGINT"),
    ]


def test_a_view_shows_its_columns_and_is_not_made_to_be_counted(small_run: Finished) -> None:
    found = latest_metadata(small_run, "corpus", "preference_pairs")
    assert "dagster/row_count" not in found
    assert isinstance(found["dagster/column_schema"], dg.TableSchema)


def test_events_before_a_failure_are_kept(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "some.duckdb")
    warehouse.write(
        lambda connection: connection.execute("create schema corpus; create table corpus.users as from range(3)")
    )

    def events() -> Iterator[object]:
        yield dg.Output(None, output_name="corpus__users", metadata={"unique_id": "model.users"})
        yield dg.Output(None, output_name="corpus__gone", metadata={})
        yield dg.AssetCheckResult(passed=True, check_name="check", asset_key=["corpus", "users"])
        raise RuntimeError("a data test failed")

    stream = with_table_metadata(events(), warehouse)
    seen = [next(stream) for _ in range(3)]
    with pytest.raises(RuntimeError, match="a data test failed"):
        next(stream)
    assert seen[0].metadata["dagster/row_count"].value == 3
    assert seen[0].metadata["unique_id"].value == "model.users"
    assert "dagster/row_count" not in seen[1].metadata
