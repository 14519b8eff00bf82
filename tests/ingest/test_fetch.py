"""Downloads over a real connection to a server on this machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
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

import pytest
from click.testing import CliRunner, Result

from dagster_defs.cli import main
from python_assets.ingest import IngestError, fetch, source_files
from python_assets.ingest.corpus_files import files_of_sources
from python_assets.ingest.fetch import Fetched, fetch_file
from python_assets.study import Source
from tests.conftest import PROJECT
from tests.ingest.file_server import FileServer, serve

DATA = os.urandom(3_000_000)
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve() as running:
        running.files["/a.jsonl.gz"] = DATA
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
        with pytest.raises(IngestError, match=r"does not exist: check the category's name"):
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


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["fetch", *arguments])


def test_a_study_or_categories_are_fetched_into_the_authors_layout(tmp_path: Path, server: FileServer) -> None:
    reviews, items = "raw/review_categories/All_Beauty.jsonl.gz", "raw/meta_categories/meta_All_Beauty.jsonl.gz"
    server.files |= {f"/{reviews}": DATA, f"/{items}": b"items"}
    options = ["--base-url", f"{server.url}/", "--data-root", str(tmp_path)]
    done = call("--study", "beauty", *options)
    assert done.exit_code == 0, done.output
    assert (tmp_path / reviews).read_bytes() == DATA
    assert (tmp_path / items).read_bytes() == b"items"
    again = call("All_Beauty", *options)
    assert again.output.count("was there already") == 2
    assert len(server.gets) == 2


def test_urls_of_a_study_are_fetched_with_their_checksum(tmp_path: Path, server: FileServer) -> None:
    study = tmp_path / "mine.yml"
    study.write_text(
        f"name: mine\nsources: [{{category: A, reviews: '{server.url}/a.jsonl.gz#sha256={DIGEST}'}}]\nsplits: {{A: [A]}}\n"
        "populations: [{name: p, condition: control, rater: {backend: perfect}}]\n"
    )
    assert call("--study", str(study), "--data-root", str(tmp_path)).exit_code == 0
    assert (tmp_path / "downloads" / "127.0.0.1" / "a.jsonl.gz").read_bytes() == DATA
    study.write_text(study.read_text().replace(DIGEST, "0" * 64))
    done = call("--study", str(study), "--data-root", str(tmp_path))
    assert (done.exit_code, "another SHA-256" in done.output) == (1, True)


@pytest.mark.parametrize("other", ["http://example.org/a.jsonl?part=2", "https://example.org:8443/a.jsonl"])
def test_two_addresses_of_a_study_are_never_kept_in_one_file(tmp_path: Path, other: str) -> None:
    first = "http://example.org/a.jsonl"
    sources = [
        Source.model_validate({"category": "A", "reviews": f"{first}#sha256={DIGEST}"}),
        Source.model_validate({"category": "B", "reviews": other}),
    ]
    (tmp_path / "downloads" / "example.org").mkdir(parents=True)
    (tmp_path / "downloads" / "example.org" / "a.jsonl").touch()
    wanted = re.escape(f"{first} and {other} would be kept in the same file, downloads/example.org/a.jsonl: leave one")
    with pytest.raises(IngestError, match=wanted):
        source_files(sources, roots=[tmp_path])
    with pytest.raises(IngestError, match=wanted):
        files_of_sources(sources, categories=["B"], base_url="http://example.org")
    same = [sources[0], Source.model_validate({"category": "B", "reviews": first})]
    assert len(source_files(same, roots=[tmp_path])) == 2


def wanted(*sources: dict[str, str]) -> list[str]:
    """Addresses below the authors' folder."""
    files, others = files_of_sources([Source.model_validate(source) for source in sources], base_url="http://h")
    assert not others
    return [file.url.removeprefix("http://h/") for file in files]


def test_a_rating_only_file_is_the_one_that_the_study_names() -> None:
    names = [f"benchmark/{core}/rating_only/A.csv.gz" for core in ("5core", "0core")]
    assert [wanted({"category": "A", "reviews": name}) for name in names] == [[names[0]], [names[1]]]


def test_metadata_beside_a_rating_only_file_has_a_layout_of_its_own(tmp_path: Path) -> None:
    for name in ("a.csv", "meta_a.jsonl"):
        (tmp_path / name).touch()
    source = {"category": "A", "format": "ratings_csv", "reviews": "a.csv", "items": "meta_a.jsonl"}
    found = source_files([Source.model_validate(source)], roots=[tmp_path])
    assert [(file.kind, file.format) for file in found] == [("reviews", "ratings_csv"), ("items", "auto")]


def test_what_two_categories_read_is_fetched_once() -> None:
    url = "http://h/a.jsonl"
    assert wanted({"category": "A", "reviews": url}, {"category": "B", "reviews": url}) == ["a.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Name a study"),
        (["All_Beauty", "--base-url", "ftp://x"], 2, "is not an http or https address"),
        (["../etc"], 1, "is not a category's name"),
        (["All_Beuaty"], 1, "does not exist: check the category's name"),
        (["--study", "beauty", "Software"], 1, "the study has no category Software: it has All_Beauty"),
        (["--study", "demo"], 0, "Nothing to download"),
        (["--study", "three_categories", "Gift_Cards"], 1, "No file matches '**/Gift_Cards_5.json.gz'"),
    ],
)
def test_what_cannot_be_fetched_is_said(
    tmp_path: Path, server: FileServer, arguments: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERSONA_FIDELITY_CORPUS_URL", server.url)
    done = call(*arguments)
    assert done.exit_code == code
    assert words in done.output
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_checksums_are_found_by_name(tmp_path: Path, server: FileServer) -> None:
    server.files |= {
        f"/raw/{kind}": b"x" for kind in ("review_categories/A.jsonl.gz", "meta_categories/meta_A.jsonl.gz")
    }
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{hashlib.sha256(b'x').hexdigest()}  raw/A.jsonl.gz\n{'0' * 64} *meta_A.jsonl.gz\n")
    options = ["--base-url", server.url, "--data-root", str(tmp_path / "data"), "--sha256sums", str(sums)]
    done = call("A", *options)
    assert (done.exit_code, "meta_A.jsonl.gz has another SHA-256" in done.output) == (1, True)
    sums.write_text("not a checksum\n")
    assert "line 1 of the checksums is not" in call("A", *options).output
