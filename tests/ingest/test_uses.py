"""Which files are told of as read for something that the study does not read them for any more."""

from __future__ import annotations

from pathlib import Path

from python_assets.ingest import SourceFile, unnamed_files, withdraw_files
from python_assets.warehouse import Warehouse
from tests.ingest.samples import ingest, review, write


def named(path: Path, category: str) -> SourceFile:
    return SourceFile(path, category, "reviews", "auto")


def test_a_changed_file_that_moved_to_another_category_is_told_while_its_rows_stand_in_the_former(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    moved, other = (write(tmp_path / name, [review(name)]) for name in ("moved", "other"))
    for path in (moved, other):
        ingest(warehouse, path)
    write(moved, [review("moved"), review("new")])
    ingest(warehouse, moved, category="D")
    assert unnamed_files(warehouse, [named(moved, "D"), named(other, "C")]) == [moved]
    assert unnamed_files(warehouse, [named(path, category) for path in (moved, other) for category in "CD"]) == []
    assert unnamed_files(warehouse, [named(moved, "D")]) == [], "the study reads nothing else as C"
    withdraw_files(warehouse, [moved], batch_id="b2")
    ingest(warehouse, moved, category="D")
    assert unnamed_files(warehouse, [named(moved, "D"), named(other, "C")]) == []
