"""Downloads over a real connection to a server on this machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from python_assets.ingest import IngestError, fetch
from python_assets.ingest.fetch import Fetched, fetch_file
from tests.conftest import PROJECT
from tests.ingest.file_server import FileServer, serve

DATA = os.urandom(3_000_000)
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve({"/a.jsonl.gz": DATA}) as running:
        yield running


def get(server: FileServer, folder: Path, **more: str) -> Fetched:
    return fetch_file(f"{server.url}/a.jsonl.gz", folder / "deep" / "a.jsonl.gz", pause=0.01, **more)


def test_a_file_arrives_whole_and_is_not_fetched_again(tmp_path: Path, server: FileServer) -> None:
    done = get(server, tmp_path)
    assert done.path.read_bytes() == DATA
    assert (done.bytes, done.downloaded) == (len(DATA), len(DATA))
    assert [path.name for path in done.path.parent.iterdir()] == ["a.jsonl.gz"]
    assert get(server, tmp_path).downloaded == 0
    assert len(server.gets) == 1
    server.files["/a.jsonl.gz"] = DATA + b"more"
    assert get(server, tmp_path).path.read_bytes() == DATA + b"more"


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("answer", [{"head_status": 403}, {"head_size": False}], ids=["signed", "no size"])
def test_where_the_head_does_not_tell_a_download_says_that_the_file_is_there(
    tmp_path: Path, server: FileServer, ranges: bool, answer: dict[str, Any]
) -> None:
    """An address may be signed for downloads alone."""
    server.ranges = ranges
    for name, value in answer.items():
        setattr(server, name, value)
    assert [get(server, tmp_path).downloaded for _ in range(2)] == [len(DATA), 0]
    assert server.gets == [None, "bytes=0-0"]
    server.files["/a.jsonl.gz"] = DATA + b"more"
    assert get(server, tmp_path).path.read_bytes() == DATA + b"more"


def test_an_address_whose_signature_is_over_is_refused(tmp_path: Path, server: FileServer) -> None:
    get(server, tmp_path)
    server.head_status = server.missing = 403
    server.files.clear()
    with pytest.raises(IngestError, match=r"refused \(HTTP status 403\): .* another address in the study"):
        get(server, tmp_path)


def test_a_download_that_breaks_off_goes_on_where_it_stopped(tmp_path: Path, server: FileServer) -> None:
    server.break_after = [1_000_000, 500_000]
    done = get(server, tmp_path)
    assert done.path.read_bytes() == DATA
    assert done.downloaded == len(DATA)
    assert server.gets == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_download_that_gets_on_may_break_off_often(tmp_path: Path, server: FileServer) -> None:
    server.break_after = [300_000] * (fetch.ATTEMPTS + 2)
    assert get(server, tmp_path).path.read_bytes() == DATA
    assert len(server.gets) == fetch.ATTEMPTS + 3


def test_the_next_call_goes_on_where_the_last_one_gave_up(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "ATTEMPTS", 1)
    server.break_after = [1_234_567]
    with pytest.raises(IngestError, match=r"broke off .*run the same command again"):
        get(server, tmp_path)
    assert not (tmp_path / "deep" / "a.jsonl.gz").exists()
    done = get(server, tmp_path, sha256_wanted=DIGEST)
    assert done.path.read_bytes() == DATA
    assert done.downloaded == len(DATA) - 1_234_567


def test_a_part_that_is_complete_only_gets_its_name(tmp_path: Path, server: FileServer) -> None:
    done = get(server, tmp_path)
    done.path.rename(part := done.path.with_name("a.jsonl.gz.part"))
    part.with_name(".a.jsonl.gz.part.json").write_text(f'{{"validator": "\\"{hash(DATA)}\\""}}')
    assert get(server, tmp_path).downloaded == 0
    assert done.path.read_bytes() == DATA


def test_a_part_that_is_longer_than_the_file_is_no_part_of_it(tmp_path: Path, server: FileServer) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.jsonl.gz.part").write_bytes(DATA + b"more")
    (tmp_path / "deep" / ".a.jsonl.gz.part.json").write_text(f'{{"validator": "\\"{hash(DATA)}\\""}}')
    assert get(server, tmp_path).path.read_bytes() == DATA
    assert server.gets == [f"bytes={len(DATA) + 4}-", None]


def test_a_wrong_checksum_keeps_nothing(tmp_path: Path, server: FileServer) -> None:
    with pytest.raises(IngestError, match="has another SHA-256 than wanted"):
        get(server, tmp_path, sha256_wanted="0" * 64)
    assert not list((tmp_path / "deep").iterdir())
    assert get(server, tmp_path, sha256_wanted=DIGEST).bytes == len(DATA)
    assert get(server, tmp_path, sha256_wanted=DIGEST).downloaded == 0


def test_a_busy_server_is_asked_again(tmp_path: Path, server: FileServer) -> None:
    server.busy = 2
    assert get(server, tmp_path).bytes == len(DATA)
    server.busy = 100
    with pytest.raises(IngestError, match=r"refused \(HTTP status 503\)"):
        get(server, tmp_path)


def test_no_such_file_and_no_server_are_one_sentence_each(tmp_path: Path, server: FileServer) -> None:
    for server.missing in (404, 410):
        with pytest.raises(IngestError, match=r"does not exist: check the address, if the study names it, else"):
            fetch_file(f"{server.url}/b", tmp_path / "b")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/a"
        with pytest.raises(IngestError, match=r"cannot be reached \(.*refused.*\): check the network") as caught:
            fetch_file(nowhere, tmp_path / "a", pause=0.001)
    assert "\n" not in str(caught.value)
    assert "object at" not in str(caught.value)


def test_a_full_disk_is_one_sentence_and_the_part_is_kept(tmp_path: Path, server: FileServer) -> None:
    script = (
        "import signal, sys; from pathlib import Path; from python_assets.ingest.fetch import fetch_file\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "fetch_file(sys.argv[1], Path(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, f"{server.url}/a.jsonl.gz", str(tmp_path / "a.jsonl.gz")],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)),
    )
    assert "IngestError: " in done.stderr
    assert "(File too large): make room or name another --data-root" in done.stderr
    part = (tmp_path / "a.jsonl.gz.part").read_bytes()
    assert 0 < len(part) <= 2_000_000
    done = fetch_file(f"{server.url}/a.jsonl.gz", tmp_path / "a.jsonl.gz")
    assert done.downloaded == len(DATA) - len(part)
    assert done.path.read_bytes() == DATA


def test_what_does_not_fit_on_the_disk_is_not_begun(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=2_000_000))
    with pytest.raises(
        IngestError, match=r"a\.jsonl\.gz\.part cannot be written \(0\.0 GB to come, more than the disk"
    ):
        get(server, tmp_path)
    assert not list((tmp_path / "deep").iterdir())
    # Of a part only the rest has to fit.
    (tmp_path / "deep" / "a.jsonl.gz.part").write_bytes(DATA[:1_500_000])
    (tmp_path / "deep" / ".a.jsonl.gz.part.json").write_text(f'{{"validator": "\\"{hash(DATA)}\\""}}')
    assert get(server, tmp_path).downloaded == 1_500_000


@contextmanager
def half_arrived(server: FileServer, folder: Path) -> Iterator[Future[Fetched]]:
    """A download of which half is there, and which goes on afterwards."""
    server.go_on = threading.Event()
    part = folder / "deep" / "a.jsonl.gz.part"
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(get, server, folder)
        try:
            deadline = time.monotonic() + 20
            while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
                time.sleep(0.01)
            yield first
        finally:
            server.go_on.set()


@pytest.mark.parametrize("left_behind", [False, True])
def test_of_two_downloads_of_a_file_at_once_the_second_is_told_to_wait(
    tmp_path: Path, server: FileServer, left_behind: bool
) -> None:
    if left_behind:
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / ".a.jsonl.gz.part.lock").touch()
    with half_arrived(server, tmp_path) as first:
        wanted = (
            r"a\.jsonl\.gz is being fetched by another process: wait until it is done, and run the same command again"
        )
        with pytest.raises(IngestError, match=wanted):
            get(server, tmp_path)
    assert first.result().path.read_bytes() == DATA
    assert [path.name for path in first.result().path.parent.iterdir()] == ["a.jsonl.gz"]
    assert get(server, tmp_path).downloaded == 0
    assert len(server.gets) == 1


def test_where_no_locks_are_a_part_that_another_process_wrote_into_takes_no_name(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with half_arrived(server, tmp_path) as first, (tmp_path / "deep" / "a.jsonl.gz.part").open("ab") as part:
        part.write(bytes(2 * len(DATA)))
    assert first.result().path.read_bytes() == DATA
