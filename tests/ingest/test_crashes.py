"""Killed, run twice at once, out of room: the next ingest finishes, and equals an undisturbed one."""

from __future__ import annotations

import gzip
import random
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from python_assets.ingest import IngestError
from python_assets.warehouse import Warehouse
from tests.conftest import PROJECT
from tests.ingest.samples import ingest, review, write

TABLES = ("raw.reviews", "raw.rejected_rows", "raw.ingested_files")


def start(warehouse: Path, *files: Path, file_limit: int | None = None) -> subprocess.Popen[str]:
    """The worker; no file that it writes may grow past ``file_limit`` bytes."""

    def limit() -> None:
        if file_limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    return subprocess.Popen(
        [sys.executable, "-m", "tests.ingest.worker", str(warehouse), *map(str, files)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def state(path: Path) -> list[list[tuple[Any, ...]]]:
    """All rows, but for the time at which a file was read."""
    warehouse = Warehouse(path)
    leave = {"raw.ingested_files": "exclude (ingested_at)"}
    return [warehouse.rows(f"select * {leave.get(table, '')} from {table} order by all") for table in TABLES]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files that share reviews, so that their order and each file's fate count."""
    folder, draw = tmp_path_factory.mktemp("files"), random.Random(3)
    paths = []
    for number in range(4):
        # Texts that do not compress, so that the warehouse grows.
        lines = [
            review(f"u{draw.randrange(3_000)}", rating=draw.randrange(1, 6), text=draw.randbytes(300).hex())
            for _ in range(1_500)
        ]
        lines[::50] = [b"broken"] * len(lines[::50])
        paths.append(write(folder / f"{number}.jsonl{'.gz' * (number % 2)}", lines))
    return paths


@pytest.fixture(scope="module")
def undisturbed(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A warehouse made in one go, and the seconds from its first file to its last."""
    path = tmp_path_factory.mktemp("undisturbed") / "w.duckdb"
    process = start(path, *files)
    assert process.stdout is not None
    process.stdout.readline()
    started = time.monotonic()
    assert process.wait() == 0
    return path, time.monotonic() - started


def test_after_kills_at_random_moments_the_next_ingest_finishes(
    tmp_path: Path, files: list[Path], undisturbed: tuple[Path, float]
) -> None:
    path, draw = tmp_path / "w.duckdb", random.Random(5)
    whole, seconds = undisturbed
    n_killed = 0
    # A run that was quicker than its kill leaves nothing to kill: draw earlier moments, on a fresh warehouse.
    while n_killed < 4:
        process = start(path, *files)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0, 0.5) * seconds)
        process.kill()
        if process.wait():
            n_killed += 1
        else:
            path, seconds = tmp_path / f"{seconds}.duckdb", seconds / 2
    # Each file is in the ledger with all its rows, or not at all.
    held = Warehouse(path).rows("select count(distinct file) from raw.rejected_rows")
    assert held == Warehouse(path).rows("select count(*) from raw.ingested_files")
    last = start(path, *files)
    assert (last.wait(), last.communicate()[1]) == (0, "")
    assert state(path) == state(whole)


def test_two_at_once_take_turns(tmp_path: Path, files: list[Path], undisturbed: tuple[Path, float]) -> None:
    path = tmp_path / "w.duckdb"
    both = [start(path, *files[:3]), start(path, *files[:3])]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    first = start(path, *files)
    assert first.wait() == 0
    assert state(path) == state(undisturbed[0])


@pytest.mark.parametrize(("room", "n_files"), [(100_000, 1), (900_000, 2)])
def test_no_room_is_one_sentence_and_nothing_is_lost(
    tmp_path: Path, files: list[Path], undisturbed: tuple[Path, float], room: int, n_files: int
) -> None:
    path = tmp_path / "w.duckdb"
    assert start(path, files[0]).wait() == 0
    before = state(path)
    process = start(path, *files, file_limit=room)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith(f"{files[n_files]} was not kept (")
    assert errors.endswith("): make room on the disk, and run the same command again.\n")
    assert len(errors.splitlines()) == 1
    assert len(state(path)[2]) == n_files
    assert set(state(path)[2]) >= set(before[2])
    assert start(path, *files).wait() == 0
    assert state(path) == state(undisturbed[0])


def test_a_file_that_grows_while_it_is_read_is_refused_and_read_later(tmp_path: Path, warehouse: Warehouse) -> None:
    path = write(tmp_path / "a.jsonl", [review(f"u{number}", text="word " * 200) for number in range(20_000)])
    stop = threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as stream:
            while not stop.is_set():
                stream.write(review("late")[:40])
                time.sleep(0.005)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(IngestError, match=r"wait until it is complete|nothing writes to it"):
            ingest(warehouse, path)
    finally:
        stop.set()
        writer.join()
    assert warehouse.rows("select count(*) from raw.reviews") == [(0,)]
    assert ingest(warehouse, path).n_accepted == 20_000


@pytest.mark.parametrize("kept", [0.2, 0.9, 0.999])
def test_a_download_cut_short_leaves_what_was_there_and_is_read_when_whole(
    tmp_path: Path, warehouse: Warehouse, kept: float
) -> None:
    path = write(tmp_path / "a.jsonl.gz", [review("u1")])
    ingest(warehouse, path)
    whole = gzip.compress(b"\n".join(review(f"u{number}") for number in range(3_000)))
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(IngestError, match="cut short"):
        ingest(warehouse, path)
    assert warehouse.rows("select user_id from raw.reviews") == [("u1",)]
    path.write_bytes(whole)
    assert ingest(warehouse, path).n_accepted == 2_999
