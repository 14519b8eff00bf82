"""A lake whose files are in an object store: where they are, and what is said without its key."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from python_assets.lake.extensions import load_extensions
from python_assets.warehouse.file_errors import NoWarehouseError, WarehouseError
from tests.graph.conftest import own_environment, run_command
from tests.lake.conftest import Server
from tests.lake.object_store import ObjectStore
from tests.lake.worker import write


def test_the_files_are_in_the_store(server: Server, store: ObjectStore) -> None:
    lake = server.new_lake("stored", data="s3://lakes/stored/")
    lake.prepare()
    write(lake, "a", 1)
    with duckdb.connect() as connection:
        load_extensions(connection)
        found = connection.execute("select file from glob('s3://lakes/stored/**/*.parquet') order by all").fetchall()
    assert [file.rsplit("/", 2)[1] for (file,) in found] == ["instrument_retests", "item_clusters"]


@pytest.mark.parametrize("secret", [None, "a wrong one"])
def test_without_its_key_a_store_is_one_sentence(
    server: Server,
    store: ObjectStore,
    tmp_path: Path,
    demo_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    secret: str | None,
) -> None:
    name = "refused" if secret else "unknown"
    lake = server.new_lake(name, data=f"s3://lakes/{name}/")
    # Without a key DuckDB asks Amazon, here by a name that nobody has.
    stranger = ObjectStore(store.endpoint if secret else "store.invalid", tmp_path)
    stranger.save_secret(secret or "any")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(WarehouseError, match=r"docs/scaling\.md") as caught:
        lake.prepare()
    assert "\n" not in str(caught.value)
    options = ("--study", "demo", "--warehouse", lake.address, "--lake-data", str(lake.data), "--until", "prepare")
    done = run_command(tmp_path, own_environment(tmp_path), "run", *options)
    assert done.returncode == 1
    assert "docs/scaling.md" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    with pytest.raises(NoWarehouseError):
        lake.rows("select count(*) from raw.ingested_files")
