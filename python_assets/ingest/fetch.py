"""Download one file: resumed where it broke off, checked, and under its own name only when it is complete."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import urllib3
from tqdm import tqdm
from urllib3.exceptions import HTTPError, MaxRetryError

from python_assets.ingest.download_lock import only_download
from python_assets.ingest.errors import IngestError
from python_assets.ingest.files import CHUNK_BYTES, sha256

ATTEMPTS = 6
"""Connections that may break before giving up; what has arrived counts as progress and starts the count anew."""
_TIMEOUT = urllib3.Timeout(connect=20.0, read=60.0)
_RETRY_STATUS = (429, 500, 502, 503, 504)
_NO_HEAD = (403, 405, 501)
"""Of servers that may give a file, but do not tell of it."""
# Compressed once more on its way, a file would be unpacked here and its size would be another.
_AS_IT_IS = {"Accept-Encoding": "identity"}


class Fetched(NamedTuple):
    """What became of one address."""

    path: Path
    bytes: int
    downloaded: int
    """Bytes that came over the network now; 0 when the file was there already."""


class _Answer(NamedTuple):
    """What the server said before the body."""

    start: int
    total: int | None
    validator: str | None


def fetch_file(
    url: str, target: Path, *, sha256_wanted: str | None = None, progress: bool = False, pause: float = 0.5
) -> Fetched:
    """Download ``url`` to ``target`` by way of ``target.part``.

    A part of an earlier attempt is continued, provided that the server still has the same file. A file that is there
    with the size that the server tells, or with the wanted checksum, is left alone. One process at a time downloads it.

    Args:
        url: An ``http`` or ``https`` address; a fragment is not sent.
        target: Where to; folders are made.
        sha256_wanted: 64 hex digits that the file must have.
        progress: Show a bar on standard error.
        pause: Seconds before the second attempt; doubled for each further one.

    Raises:
        IngestError: No such file, no answer, no room, other bytes than wanted, or another process is at it. What has
            arrived is kept for the next attempt, unless its checksum is wrong.
    """
    part = target.with_name(target.name + ".part")
    retries = urllib3.Retry(
        ATTEMPTS, connect=3, backoff_factor=pause, status_forcelist=_RETRY_STATUS, raise_on_status=False
    )
    try:
        with urllib3.PoolManager(retries=retries, timeout=_TIMEOUT) as pool:
            if _is_there(pool, url, target, sha256_wanted):
                return Fetched(target, target.stat().st_size, 0)
            target.parent.mkdir(parents=True, exist_ok=True)
            with only_download(url, part):
                # Another process may have finished it between the two.
                if _is_there(pool, url, target, sha256_wanted):
                    return Fetched(target, target.stat().st_size, 0)
                downloaded = _download(pool, url, part, progress=progress, pause=pause)
                if sha256_wanted and sha256(part) != sha256_wanted:
                    _discard(part)
                    raise IngestError(f"{url} has another SHA-256 than wanted: check the checksum, and fetch it again.")
                os.replace(part, target)
                _notes(part).unlink(missing_ok=True)
    except HTTPError as error:
        raise IngestError(f"{url} cannot be reached ({_reason(error)}): check the network and the address.") from error
    except OSError as error:
        raise IngestError(
            f"{error.filename or part} cannot be written ({error.strerror}): make room or name another --data-root, "
            "and run the same command again to go on."
        ) from error
    return Fetched(target, target.stat().st_size, downloaded)


def _is_there(pool: urllib3.PoolManager, url: str, target: Path, sha256_wanted: str | None) -> bool:
    if not target.is_file():
        return False
    if sha256_wanted:
        return sha256(target) == sha256_wanted
    return _size_of(pool, url) == str(target.stat().st_size)


def _size_of(pool: urllib3.PoolManager, url: str) -> str | None:
    """What the server says it is."""
    answer = pool.request("HEAD", url, headers=_AS_IT_IS)
    if answer.status not in _NO_HEAD:
        _require(url, answer.status, (200,))
        if size := answer.headers.get("Content-Length"):
            return size
    # It does not say, or the address is signed for downloads alone: with the first byte of one comes the size of the whole file.
    answer = pool.request("GET", url, headers=_AS_IT_IS | {"Range": "bytes=0-0"}, preload_content=False)
    try:
        _require(url, answer.status, (200, 206, 416))
        if answer.status == 200:
            return answer.headers.get("Content-Length")
        return answer.headers.get("Content-Range", "").rpartition("/")[2]
    finally:
        answer.close()


def _download(pool: urllib3.PoolManager, url: str, part: Path, *, progress: bool, pause: float) -> int:
    """Returns how many bytes came over the network."""
    received, failures = 0, 0
    while True:
        before = received
        try:
            for n_bytes in _stream(pool, url, part, progress=progress):
                received += n_bytes
            return received
        except MaxRetryError:
            raise
        except HTTPError as error:
            failures = 1 if received > before else failures + 1
            if failures >= ATTEMPTS:
                raise IngestError(
                    f"{url} broke off {ATTEMPTS} times ({_reason(error)}): run the same command again to go on."
                ) from error
            time.sleep(min(pause * 2 ** (failures - 1), 30.0))


def _stream(pool: urllib3.PoolManager, url: str, part: Path, *, progress: bool) -> Iterator[int]:
    """Append what is missing to the part; yields the size of each piece."""
    have, validator = _progress_of(part)
    headers = _AS_IT_IS | ({"Range": f"bytes={have}-", "If-Range": validator} if have else {})
    response = pool.request("GET", url, headers=headers, preload_content=False)
    try:
        _require(url, response.status, (200, 206, 416))
        if have and response.status != 200 and _is_of_another_file(response, validator):
            _discard(part)
            raise HTTPError("the server has another file by now")
        if response.status == 416:
            if response.headers.get("Content-Range") == f"bytes */{have}":
                return
            _discard(part)
            raise HTTPError("the part that was here is no beginning of the file")
        answer = _answer(response)
        if answer.start not in (0, have):
            raise HTTPError("the server sent another range than asked for")
        _require_room(part, answer)
        with part.open("ab" if answer.start else "wb") as stream:
            if not answer.start:
                # The part is empty by now: a process that is killed here leaves nothing of another file under this note.
                _notes(part).write_text(json.dumps({"validator": answer.validator}))
            at = answer.start
            bar = tqdm(total=answer.total, initial=at, desc=part.stem, unit="B", unit_scale=True, disable=not progress)
            with bar:
                for chunk in response.stream(CHUNK_BYTES, decode_content=False):
                    stream.write(chunk)
                    at += len(chunk)
                    bar.update(len(chunk))
                    yield len(chunk)
        # As it lies on disk: where there are no locks, another process may have written into it.
        arrived = part.stat().st_size
        if arrived != (at if answer.total is None else answer.total):
            raise HTTPError(f"{arrived:,} of {answer.total or at:,} bytes arrived")
    finally:
        response.close()


def _require_room(part: Path, answer: _Answer) -> None:
    missing = (answer.total or 0) - answer.start
    if missing > shutil.disk_usage(part.parent).free:
        raise OSError(errno.ENOSPC, f"{missing / 1e9:,.1f} GB to come, more than the disk has room for", str(part))


def _is_of_another_file(response: urllib3.BaseHTTPResponse, validator: str) -> bool:
    """Whether the rest belongs to another file than the part: a server may ignore If-Range."""
    now = response.headers.get("ETag" if validator.startswith('"') else "Last-Modified")
    return now not in (None, validator)


def _answer(response: urllib3.BaseHTTPResponse) -> _Answer:
    # A weak ETag says "much the same", which is not enough to join two pieces.
    tag = response.headers.get("ETag")
    validator = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")
    if response.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if not found:
            raise HTTPError("the server did not say which range it sent")
        return _Answer(int(found[1]), None if found[2] == "*" else int(found[2]), validator)
    length = response.headers.get("Content-Length")
    return _Answer(0, int(length) if length and length.isdigit() else None, validator)


def _progress_of(part: Path) -> tuple[int, str]:
    """Bytes of an earlier attempt and what tells whether the server's file is still the same; 0 to start anew."""
    try:
        validator = json.loads(_notes(part).read_text()).get("validator")
        return (part.stat().st_size, validator) if validator else (0, "")
    except (OSError, ValueError, AttributeError):
        return 0, ""


def _notes(part: Path) -> Path:
    return part.with_name(f".{part.name}.json")


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _notes(part).unlink(missing_ok=True)


def _require(url: str, status: int, wanted: tuple[int, ...]) -> None:
    if status in wanted:
        return
    if status in (404, 410):
        raise IngestError(
            f"{url} does not exist: check the address, if the study names it, else the category's name, spelt as in All_Beauty, "
            "and --base-url."
        )
    raise IngestError(
        f"{url} was refused (HTTP status {status}): try again later, or name another address in the study, or a mirror with "
        "--base-url."
    )


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", None) or error
    return " ".join(re.sub(r"<[^>]*>:? ?|\S*Connection\(.*?\): ", "", str(inner)).split()) or type(inner).__name__
