"""What holds for a file holds for a lake; and several processes write a lake at once."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from python_assets.addresses import open_warehouse
from python_assets.ingest import ingest_file
from python_assets.lake import Lake
from python_assets.raters.answers import known_answers, store_answers
from python_assets.raters.chat import Answer
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import from_matrix, to_matrix
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.turn import Work
from tests.graph.conftest import own_environment, run_command
from tests.lake.conftest import NewWarehouse, Server
from tests.lake.processes import finish, start
from tests.lake.worker import check, write

FIRST = {"rating": 5, "title": "a", "text": "b", "parent_asin": "i1", "asin": "i1", "user_id": "u1"}
FIRST |= {"timestamp": 1_600_000_000_000, "helpful_vote": 0, "verified_purchase": True}


def test_vectors_come_back_as_a_matrix(new_warehouse: NewWarehouse) -> None:
    warehouse = new_warehouse("vectors")
    warehouse.prepare(prototypes=3, dimension=5)
    warehouse.prepare(prototypes=3, dimension=5)
    mixtures, embeddings = np.random.default_rng(1).normal(size=(7, 8)).astype(np.float32)[:, :3], np.eye(7, 5)
    slice_ = {"split": "s", "instrument": "paper", "seed": 1}
    rows = pa.table(
        {
            **{name: [value] * 7 for name, value in slice_.items()},
            "user_id": [f"u{i}" for i in range(7)],
            "n_train_pairs": [1] * 7,
            "mixture": from_matrix(mixtures),
            "embedding": from_matrix(embeddings),
        }
    )
    for _ in range(2):
        assert warehouse.replace_slice("ml.user_embeddings", rows, where=slice_) == 7
    table = warehouse.read("from ml.user_embeddings order by user_id")
    np.testing.assert_array_equal(to_matrix(table["mixture"]), mixtures)
    np.testing.assert_array_equal(to_matrix(table["embedding"]), embeddings)


def test_a_write_that_fails_leaves_nothing(new_warehouse: NewWarehouse) -> None:
    warehouse = new_warehouse("rollback")
    warehouse.prepare()
    write(warehouse, "a", 1)
    with pytest.raises(Exception, match="nowhere"):
        warehouse.write(lambda connection: connection.execute("delete from ml.item_clusters; delete from nowhere"))
    check(warehouse)
    assert warehouse.rows("select count(*) from ml.item_clusters") == [(50,)]


def test_answers_are_kept_once(new_warehouse: NewWarehouse) -> None:
    warehouse = new_warehouse("answers")
    warehouse.prepare()
    answers = [
        Answer("a" * 64, "5", (0.5, 0.25, 0.125, 0.0625, 0.0625), "ok", 7),
        Answer("b" * 64, None, None, "empty", None),
    ]
    for _ in range(2):
        store_answers(warehouse, answers, purpose="rate", backend="x", model="m")
    assert sorted(known_answers(warehouse, ["a" * 64, "b" * 64]).values()) == answers
    assert warehouse.rows("select count(*) from ml.answers") == [(2,)]


def test_reviews_corrections_and_broken_lines(new_warehouse: NewWarehouse, tmp_path: Path) -> None:
    warehouse = new_warehouse("reviews")
    warehouse.prepare()
    path = tmp_path / "All_Beauty.jsonl.gz"
    second = {**FIRST, "user_id": "u2"}
    for lines in ([json.dumps(FIRST), "{broken", json.dumps(second)], [json.dumps({**FIRST, "rating": 1})]):
        with gzip.open(path, "wt") as file:
            file.write("\n".join(lines) + "\n")
        for _ in range(2):
            report = ingest_file(warehouse, path, category="All_Beauty", kind="reviews", batch_id="x")
        assert report.skipped
    assert warehouse.rows("select user_id, rating from raw.reviews order by all") == [("u1", 1.0), ("u2", 5.0)]
    assert warehouse.rows("select n_read, n_corrected from raw.ingested_files") == [(1, 1)]


def test_two_processes_write_different_splits_of_the_same_tables(
    new_warehouse: NewWarehouse, record_property: pytest.RecordProperty
) -> None:
    warehouse = new_warehouse("two_writers")
    warehouse.prepare()
    processes = [
        *(start("write", warehouse.address, s, "10") for s in ("a", "b")),
        start("read", warehouse.address, "-", "10"),
    ]
    for process in processes:
        report, _ = finish(process)
        record_property("conflicts", report["conflicts"])
        print(
            f"{type(warehouse).__name__}: {report['conflicts']} conflicts, longest {max(report['seconds']):.2f} s, "
            f"mean {sum(report['seconds']) / 10:.2f} s",
            file=sys.stderr,
        )
    check(warehouse)
    counts = warehouse.rows("select split, count(*), min(cluster) from ml.item_clusters group by all order by all")
    assert counts == [("a", 50, 9), ("b", 50, 9)]


def test_after_kill_9_everything_is_whole_and_the_next_run_goes_on(new_warehouse: NewWarehouse) -> None:
    warehouse = new_warehouse("killed")
    warehouse.prepare()
    process = start("write", warehouse.address, "a", "100000")
    deadline = time.monotonic() + 30
    while (
        time.monotonic() < deadline
        and warehouse.rows("select coalesce(max(cluster), 0) from ml.item_clusters")[0][0] < 2
    ):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    check(warehouse)
    assert warehouse.rows("select count(*) from ml.item_clusters") == [(50,)]
    write(warehouse, "a", 7)
    assert warehouse.rows("select distinct cluster from ml.item_clusters") == [(7,)]


def test_a_lasting_conflict_is_given_up_with_a_sentence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("python_assets.warehouse.file.MAX_ATTEMPTS", 2)
    lake = server.new_lake("contended")
    lake.prepare()
    write(lake, "a", 1)

    def outpaced(connection: object) -> None:
        connection.execute("delete from ml.item_clusters where split = 'a'")  # type: ignore[attr-defined]
        write(open_warehouse(lake.address), "a", 2)

    with pytest.raises(WarehouseError, match="at every one of 2 attempts"):
        # By other work, which takes no turns with this one.
        lake.write(outpaced, work=Work.UPKEEP)
    assert lake.conflicts == 2
    check(lake)


def test_two_first_users_make_one_lake(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = server.new_lake("first_users")
    monkeypatch.setenv("PERSONA_FIDELITY_LAKE_DATA", str(lake.data))
    lake.prepare()
    for process in [start("write", lake.address, split, "2") for split in ("a", "b")]:
        finish(process)
    check(lake)


@pytest.mark.parametrize("data", [None, "s3://lakes/asked/"])
def test_sql_reads_a_lake_and_nothing_else(
    request: pytest.FixtureRequest, server: Server, tmp_path: Path, data: str | None
) -> None:
    if data:
        request.getfixturevalue("store")
    lake = server.new_lake("asked_stored" if data else "asked", data=data)
    lake.prepare()
    write(lake, "a", 3)

    def ask(query: str) -> tuple[int, str, str]:
        done = run_command(
            tmp_path, own_environment(tmp_path), "sql", query, "--format", "csv", "--warehouse", lake.address
        )
        return done.returncode, done.stdout, done.stderr

    assert ask("select distinct cluster from ml.item_clusters")[:2] == (0, "cluster\n3\n")
    forbidden = ("from read_text('/etc/hostname')", "from read_parquet('s3://lakes/other/x.parquet')")
    for query in ("drop table ml.item_clusters", *forbidden):
        code, _, error = ask(query)
        assert code == 1
        assert error.startswith("Error: The query cannot be answered")


def test_what_is_wrong_with_an_address_is_said(server: Server) -> None:
    empty = server.new_lake("never_used")
    with pytest.raises(WarehouseError, match="--lake-data"):
        empty.rows("select 1")
    with pytest.raises(WarehouseError, match="cannot be opened"):
        Lake(empty.address.replace(str(server.port), "1")).rows("select 1")
    with pytest.raises(WarehouseError, match="is no lake"):
        open_warehouse("ducklake:some.file")
    for secret in ("ducklake:postgres:dbname=x password=y", "ducklake:postgres:postgres://me:secret@host/x"):
        with pytest.raises(WarehouseError, match="PGPASSWORD") as caught:
            Warehouse(open_warehouse(secret).path)
        assert "secret" not in str(caught.value)
