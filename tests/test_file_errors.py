"""A damaged file, and one that another process holds, are told apart whatever the folder is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.addresses import open_warehouse
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError, is_conflict, is_damaged, is_in_use, needs_memory

IN_USE = 'IO Error: Could not set lock on file "/a/w.duckdb": Conflicting lock is held in python (PID 12) by user ann.'
BLOCK = (
    "IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2 in block at location 8192"
)
APOSTROPHES = "TransactionContext Error: can't commit: Transaction conflict, it doesn't see the other's rows"
FULL = 'IO Error: Could not write file "/set lock on file/conflict/w.duckdb": No space left on device'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A warehouse with some rows, in a folder whose name looks like an error."""
    path = tmp_path / "set lock on file" / "clock.duckdb"
    Warehouse(path).write(lambda connection: connection.execute("create table t as from range(100000)"))
    return path


def test_what_an_error_says() -> None:
    wanted = {
        IN_USE: (True, True, False),
        BLOCK: (False, False, True),
        APOSTROPHES: (False, True, False),
        FULL: (False, False, False),
    }
    for text, found in wanted.items():
        error = OSError(text)
        assert (is_in_use(error), is_conflict(error), is_damaged(error)) == found, text


def test_a_file_of_something_else_is_not_waited_for(path: Path) -> None:
    path.write_bytes(b"notes, not a database " * 1000)
    with pytest.raises(WarehouseError, match=r"cannot be opened as a DuckDB file.*move it away"):
        Warehouse(path, wait_seconds=600, on_wait=pytest.fail).rows("select 1")


@pytest.mark.parametrize("damage", ["flipped", "cut short"])
def test_a_damaged_file_is_one_sentence_that_says_what_to_do(path: Path, damage: str) -> None:
    whole = path.read_bytes()
    # The two headers stay; every block's first bytes, its checksum, do not.
    bad = bytearray(whole)
    for at in range(3 * 4096, len(bad), 256 * 1024):
        bad[at] ^= 255
    path.write_bytes(bad if damage == "flipped" else whole[: len(whole) // 4])
    warehouse = Warehouse(path, wait_seconds=600, on_wait=pytest.fail)
    with pytest.raises(WarehouseError, match="move it away and run again") as caught:
        warehouse.rows("select sum(range) from t")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["s3://bucket/w.duckdb", "md:mine", "postgres:dbname=x", "https://a.org/w.duckdb"])
def test_an_address_elsewhere_is_no_folder_of_that_name(address: str) -> None:
    with pytest.raises(WarehouseError, match="is no file on this machine"):
        open_warehouse(address)


def test_too_little_memory_is_told_with_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare()
    monkeypatch.setenv("PERSONA_FIDELITY_MEMORY", "3MB")
    wanted = (
        r"^DuckDB had too little memory at .*w\.duckdb \(Out of Memory Error: .*set PERSONA_FIDELITY_MEMORY to more"
    )
    with pytest.raises(WarehouseError, match=wanted):
        warehouse.rows("select list(range) from range(10000000)")


def test_a_disk_without_room_for_what_does_not_fit_into_memory_is_no_lack_of_memory() -> None:
    words = 'Out of Memory Error: failed to offload data block of size 256.0 KiB (9 MiB/9 MiB used). Set by "max_temp_directory_size"'
    assert not needs_memory(words)
