"""Which files are a lake's own: those of rows, and those that say which rows of another are deleted."""

from __future__ import annotations

import uuid

import pytest

from python_assets.lake.folder import strangers, trouble_with_a_file


@pytest.mark.parametrize("ending", ["", "-delete"])
def test_what_a_lake_has_written_is_known_by_its_name(ending: str) -> None:
    file = f"s3://lakes/one/ml/item_clusters/ducklake-{uuid.uuid4()}{ending}.parquet"
    assert strangers([file, "ducklake-1.parquet", f"{file}.parquet"]) == ["ducklake-1.parquet", f"{file}.parquet"]
    damaged = f"Invalid Input Error: No magic bytes found at end of file '{file}'"
    assert trouble_with_a_file(damaged, "s3://lakes/one") == "is damaged: bring it back from a backup"
