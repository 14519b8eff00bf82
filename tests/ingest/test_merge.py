"""A file is kept whole, with counts that add up, or not at all."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from python_assets.ingest import FileReport, IngestError, files, load
from python_assets.ingest.merge import reconcile
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from tests.ingest.samples import ingest, review, write

REPORT = FileReport(Path("a"), "reviews", "C", "amazon_2023", "0", 10, 5, 3, 2, 1, skipped=False)


def test_counts_that_add_up_pass() -> None:
    reconcile(REPORT, n_grown=4)


@pytest.mark.parametrize(
    ("report", "n_grown"),
    [
        (REPORT._replace(n_read=11), 4),
        (REPORT._replace(n_duplicate=1), 4),
        (REPORT._replace(n_rejected=4), 4),
        (REPORT, 5),
        (REPORT._replace(n_corrected=0), 4),
    ],
)
def test_counts_that_do_not_add_up_are_refused(report: FileReport, n_grown: int) -> None:
    with pytest.raises(IngestError, match="do not add up"):
        reconcile(report, n_grown=n_grown)


def test_a_failure_at_the_end_leaves_the_state_before(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", [review(), b"x"])
    ingest(warehouse, path)
    tables = ("raw.reviews", "raw.rejected_rows", "raw.ingested_files")
    before = [warehouse.rows(f"select * from {table}") for table in tables]
    write(path, [review(rating=1), review("u2"), b"y", b"z"])

    def fail(*_: object, **__: object) -> None:
        raise duckdb.IOException("IO Error: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(load, "record", fail)
        with pytest.raises(IngestError, match=r"was not kept \(IO Error: No space left.*make room on the disk"):
            ingest(warehouse, path)
    assert [warehouse.rows(f"select * from {table}") for table in tables] == before
    assert ingest(warehouse, path).n_corrected == 1


def test_too_little_memory_is_not_called_a_full_disk(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", [review()])
    monkeypatch.setenv("PERSONA_FIDELITY_MEMORY", "12MB")
    with pytest.raises((IngestError, WarehouseError), match="set PERSONA_FIDELITY_MEMORY to more") as caught:
        ingest(warehouse, path)
    assert "make room" not in str(caught.value)


def test_lines_that_the_reader_lost_are_noticed(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = files.survey
    monkeypatch.setattr(files, "survey", lambda *given: survey(*given)._replace(n_lines=3))
    with pytest.raises(IngestError, match="has 3 lines but 2 were read"):
        ingest(warehouse, write(tmp_path / "a.jsonl", [review(), b"x"]))
    assert warehouse.rows("select count(*) from raw.reviews") == [(0,)]
