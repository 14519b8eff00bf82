"""Pieces of a file on a server that has another one by now are never joined."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from python_assets.ingest import IngestError, fetch
from tests.ingest.file_server import FileServer, serve
from tests.ingest.test_fetch import DATA, get


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve({"/a.jsonl.gz": DATA}) as running:
        yield running


@pytest.mark.parametrize("ranges", [True, False])
def test_pieces_of_two_versions_are_never_joined(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch, ranges: bool
) -> None:
    monkeypatch.setattr(fetch, "ATTEMPTS", 1)
    server.break_after = [1_000_000]
    with pytest.raises(IngestError):
        get(server, tmp_path)
    server.ranges = ranges
    server.files["/a.jsonl.gz"] = DATA[::-1] if ranges else DATA
    assert get(server, tmp_path).path.read_bytes() == server.files["/a.jsonl.gz"]


def test_a_piece_from_elsewhere_is_not_joined(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "ATTEMPTS", 2)
    server.break_after, server.shift = [1_000_000], 10
    with pytest.raises(IngestError, match="the server sent another range than asked for"):
        get(server, tmp_path)
    assert (tmp_path / "deep" / "a.jsonl.gz.part").read_bytes() == DATA[:1_000_000]


def test_pieces_are_not_joined_on_the_word_of_a_weak_tag(tmp_path: Path, server: FileServer) -> None:
    server.weak, server.break_after = True, [1_000_000]
    done = get(server, tmp_path)
    assert done.path.read_bytes() == DATA
    assert server.gets == [None, None]
    assert done.downloaded == len(DATA) + 1_000_000


def test_pieces_are_not_joined_by_a_server_that_sends_them_whatever_it_has(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.heeds_if_range, server.break_after = False, [1_000_000]
    monkeypatch.setattr(fetch, "ATTEMPTS", 1)
    with pytest.raises(IngestError):
        get(server, tmp_path)
    server.files["/a.jsonl.gz"] = DATA[::-1]
    with pytest.raises(IngestError, match=r"the server has another file by now\): run the same command again"):
        get(server, tmp_path)
    assert get(server, tmp_path).path.read_bytes() == DATA[::-1]
    assert server.gets == [None, "bytes=1000000-", None]


def test_a_complete_part_of_the_former_file_takes_no_name_for_its_size(tmp_path: Path, server: FileServer) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.jsonl.gz.part").write_bytes(DATA)
    (tmp_path / "deep" / ".a.jsonl.gz.part.json").write_text(json.dumps({"validator": f'"{hash(DATA)}"'}))
    server.heeds_if_range, server.files["/a.jsonl.gz"] = False, DATA[::-1]
    assert get(server, tmp_path).path.read_bytes() == DATA[::-1]


def test_a_fetch_that_is_killed_when_it_has_noted_another_file_leaves_nothing_of_the_former(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text = Path.write_text

    def killed(path: Path, text: str) -> None:
        write_text(path, text)
        raise KeyboardInterrupt

    server.break_after = [1_000_000]
    with monkeypatch.context() as once:
        once.setattr(fetch, "ATTEMPTS", 1)
        with pytest.raises(IngestError):
            get(server, tmp_path)
        server.files["/a.jsonl.gz"] = DATA[::-1]
        once.setattr(Path, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            get(server, tmp_path)
    assert get(server, tmp_path).path.read_bytes() == DATA[::-1]


def full_disk(path: Path, _: str) -> None:
    """Empties a file and has no room to write it."""
    path.write_bytes(b"")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_the_rest_of_a_part_needs_no_new_note_that_a_full_disk_could_empty(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.break_after = [1_000_000, 500_000]
    monkeypatch.setattr(fetch, "ATTEMPTS", 1)
    with pytest.raises(IngestError):
        get(server, tmp_path)
    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(IngestError, match="broke off"):
        get(server, tmp_path)
    assert get(server, tmp_path).downloaded == len(DATA) - 1_500_000
