"""What a locked file tells of a process, and when it tells nothing."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from pathlib import Path

import pytest

from python_assets import signs
from python_assets.processes import Life, life_of, this_process
from tests.elsewhere import process_elsewhere


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run history, where locks count."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    if not signs.count(tmp_path):
        pytest.skip(f"{tmp_path} is on a file system whose locks do not count")
    return tmp_path


def test_a_sign_tells_until_its_process_is_killed_and_afterwards(home: Path) -> None:
    with process_elsewhere("c0ffee") as (name, process):
        assert life_of(name, at=home) == Life.GOES_ON
        process.kill()
        process.wait(20)
        assert life_of(name, at=home) == Life.GONE


def test_a_process_looks_at_its_own_and_gives_it_once(home: Path) -> None:
    for _ in range(2):
        signs.give(this_process())
        assert signs.is_kept(this_process(), home)
    (path,) = (home / "alive").iterdir()
    assert path.name == this_process()
    path.unlink()
    assert signs.is_kept(this_process(), home) is None


def test_a_sign_tells_nothing_of_what_lies_on_another_disk(home: Path) -> None:
    with process_elsewhere("c0ffee") as (name, process):
        process.kill()
        process.wait(20)
        assert life_of(name, at=Path("/proc")) == Life.UNKNOWN
        assert life_of(name) == Life.UNKNOWN
        assert not signs.count(Path("/proc"))


def test_a_copy_of_a_history_tells_nothing_of_a_process_that_lives(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with process_elsewhere("c0ffee") as (name, _):
        copy = tmp_path_factory.mktemp("copy")
        shutil.copytree(home, copy, dirs_exist_ok=True)
        monkeypatch.setenv("DAGSTER_HOME", str(copy))
        assert (copy / "alive" / name).exists()
        assert life_of(name, at=copy) == Life.UNKNOWN


def test_a_file_that_is_not_locked_yet_tells_nothing(home: Path) -> None:
    (home / "alive").mkdir()
    (home / "alive" / "c0ffee:1:1.00:another").touch()
    assert life_of("c0ffee:1:1.00:another", at=home) == Life.UNKNOWN


def test_without_locks_nothing_is_given_and_nothing_known(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    with process_elsewhere("c0ffee") as (name, process):
        process.kill()
        process.wait(20)
        with monkeypatch.context() as patched:
            patched.setattr(fcntl, "flock", no_locks)
            assert life_of(name, at=home) == Life.UNKNOWN
            signs.give("given")
            assert signs.is_kept("given", home) is None
    assert life_of(name, at=home) == Life.GONE
    monkeypatch.setattr(signs, "LOCAL", frozenset())
    signs.give("never")
    assert not (home / "alive" / "never").exists()


def test_a_history_that_is_not_there_or_not_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (str(home / "none"), ""):
        monkeypatch.setenv("DAGSTER_HOME", folder)
        signs.give("given")
        assert signs.is_kept("given", home) is None
        signs.remove_old()
    assert not (home / "none").exists()


def test_old_signs_of_the_dead_are_removed(home: Path) -> None:
    with process_elsewhere("c0ffee") as (name, process), process_elsewhere("caffee") as (alive, _):
        process.kill()
        process.wait(20)
        signs.remove_old()
        assert life_of(name, at=home) == Life.GONE
        old = time.time() - signs.KEPT_SECONDS - 1
        for path in (home / "alive").iterdir():
            os.utime(path, (old, old))
        signs.remove_old()
        assert [path.name for path in (home / "alive").iterdir()] == [alive]
