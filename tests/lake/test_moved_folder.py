"""A lake whose files are not in their place, or not as they were: a folder that is not mounted or has moved, a damaged file."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import duckdb
import pytest

from dagster_defs.cli.sql import table_text, write_answer
from python_assets.addresses import open_warehouse
from python_assets.lake.lake import _ATTACHED, _FOUND, LAKE_DATA_VARIABLE, Lake
from python_assets.raters.answers import Answer, known_answers, store_answers
from python_assets.warehouse.file_errors import WarehouseError
from tests.conftest import PROJECT
from tests.lake.conftest import Server
from tests.lake.worker import check, write

ROWS = "from ml.item_clusters order by all"
ACTIONS: tuple[Callable[[Lake], object], ...] = (
    lambda lake: lake.rows(ROWS),
    lambda lake: write(lake, "b", 1),
    lambda lake: lake.tidy(days=0),
)


@pytest.fixture
def lake(server: Server, request: pytest.FixtureRequest) -> Lake:
    """With a slice in it."""
    made = server.new_lake(re.sub(r"\W", "_", request.node.name)[:60])
    made.prepare()
    write(made, "a", 1)
    return made


def reopened(lake: Lake) -> Lake:
    """As another process finds it."""
    _ATTACHED.clear()
    _FOUND.clear()
    opened = open_warehouse(lake.address)
    assert isinstance(opened, Lake)
    return opened


@pytest.mark.parametrize("place", ["gone", "empty"])
def test_nothing_is_read_or_written_where_the_files_are_not(lake: Lake, tmp_path: Path, place: str) -> None:
    """An empty folder is where one is mounted: what is written there is hidden by it later."""
    folder = Path(str(lake.data))
    away = folder.rename(tmp_path / "away")
    if place == "empty":
        folder.mkdir()
    for seen in (lake, reopened(lake)):
        for action in ACTIONS:
            with pytest.raises(
                WarehouseError, match=f"are not in {folder}/, where its catalogue says: mount that folder"
            ):
                action(seen)
    assert not folder.exists() if place == "gone" else not any(folder.iterdir())
    if place == "empty":
        folder.rmdir()
    away.rename(folder)
    check(lake)
    write(lake, "b", 1)


def test_a_folder_that_has_moved_for_good_is_told_to_the_catalogue_as_said(
    server: Server, lake: Lake, tmp_path: Path
) -> None:
    before = lake.rows(ROWS)
    away = Path(str(lake.data)).rename(tmp_path / "away")
    with pytest.raises(WarehouseError, match="If it has moved for good") as refused:
        reopened(lake).rows(ROWS)
    command = shlex.split(str(refused.value).rpartition("catalogue: ")[2].replace("NEW_FOLDER", str(away)))
    subprocess.run([str(server.binaries / command[0]), *command[1:]], check=True, capture_output=True)
    moved = reopened(lake)
    assert moved.rows(ROWS) == before
    write(moved, "b", 1)
    assert any((away / "ml" / "item_clusters").iterdir())


@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0], ids=["empty", "half", "other end"])
def test_a_damaged_file_is_named(lake: Lake, tmp_path: Path, kept: float) -> None:
    (file,) = Path(str(lake.data)).rglob("item_clusters/*.parquet")
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * kept)] if kept < 1 else whole[:-50] + bytes(50))
    for asked in (
        lambda seen: seen.rows(ROWS),
        lambda seen: table_text(seen, ROWS),
        lambda seen: write_answer(seen, ROWS, tmp_path / "answer", "csv"),
    ):
        with pytest.raises(WarehouseError, match=rf"^A file .* is damaged: bring it back from a backup, .*{file.name}"):
            asked(reopened(lake))
    file.write_bytes(whole)
    check(reopened(lake))


@pytest.mark.parametrize("said", ["Permission denied", "Read-only file system"])
def test_a_folder_that_may_not_be_written_is_told(lake: Lake, said: str) -> None:
    """As DuckDB words it; root may write everywhere."""
    words = f'IO Error: Failed to create directory "{lake.data}/ml/new": {said}'
    with pytest.raises(WarehouseError, match="cannot be used: see that its folder is mounted"), lake.connect():
        raise duckdb.IOException(words)


def test_a_folder_named_from_where_somebody_stands_is_the_same_from_elsewhere(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    address = server.new_lake("relative").address
    monkeypatch.setenv(LAKE_DATA_VARIABLE, "its files")
    made = open_warehouse(address)
    made.prepare()
    write(made, "a", 1)
    assert isinstance(made, Lake)
    monkeypatch.chdir(tmp_path / "there")
    monkeypatch.delenv(LAKE_DATA_VARIABLE)
    write(reopened(made), "b", 1)
    check(made)
    assert [*(tmp_path / "here" / "its files").rglob("*.parquet")]
    assert not [*(tmp_path / "there").iterdir()]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_folder_that_had_no_room_for_its_mark_gets_it_from_the_next_command(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = server.new_lake("no_room_at_first")
    folder = Path(str(lake.data))
    folder.mkdir()
    mark = folder / "lake.csv"
    mark.symlink_to("/dev/full")
    monkeypatch.setattr("python_assets.lake.lake.require_own_folder", lambda *_: None)
    monkeypatch.setattr("python_assets.lake.lake.is_free", lambda *_: True, raising=False)
    with pytest.raises(
        WarehouseError, match=rf"^{folder}/ has no room: make room on its disk, then run the same command again"
    ):
        lake.prepare()
    monkeypatch.undo()
    mark.unlink()
    reopened(lake).prepare()
    assert mark.is_file()


def test_answers_come_along_to_a_new_lake_as_said(server: Server, lake: Lake, tmp_path: Path) -> None:
    answer = Answer("abc", "4", (0.0, 0.0, 0.0, 1.0, 0.0), "ok", 12)
    store_answers(lake, [answer], purpose="rating", backend="openai", model="m")
    (lost,) = Path(str(lake.data)).rglob("item_clusters/*.parquet")
    lost.unlink()
    new = server.new_lake("answers_come_along")
    said = re.search(r'`python -c "(from python_assets[^"]*)"`', (PROJECT / "docs" / "scaling.md").read_text())
    assert said is not None
    names = {"NEW_LAKE": new.address, "NEW_FOLDER": str(new.data), "OLD_LAKE": lake.address}
    command = reduce(lambda text, name: text.replace(name, names[name]), names, " ".join(said[1].split()))
    subprocess.run([sys.executable, "-c", command], check=True, env=os.environ | {"PYTHONSAFEPATH": "1"})
    assert known_answers(new, ["abc"]) == {"abc": answer}
