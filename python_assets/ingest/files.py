"""Find the files of a source, and look at their bytes before DuckDB does.

DuckDB reads a truncated or damaged gzip file to its last good byte without complaint and takes a lone
carriage return for a line end, so one pass over the bytes checks the compression and counts the lines.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import os
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import IO, NamedTuple, cast

from python_assets.ingest.errors import IngestError, NoFileError
from python_assets.ingest.urls import is_url, local_path

CHUNK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
OF_THE_DISK = "lost+found"
"""Lies at the root of many disks, and only root may read it."""
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload")
"""How names end while a download or a copy is under way."""


class FileBytes(NamedTuple):
    """What a pass over the uncompressed bytes showed."""

    n_lines: int
    has_carriage_returns: bool


def resolve_files(patterns: Sequence[str], *, roots: Sequence[Path]) -> list[Path]:
    """Files that the patterns of a source name.

    Args:
        patterns: Paths, globs (``**`` reaches into subfolders), folders, which stand for every file in and below them,
            or URLs, which stand for the file that ``fetch`` keeps them in. A relative one is tried under each root in
            turn, and the first root in which it matches wins; an absolute one is taken as it is. Globs and folders pass
            over hidden files and those that a download has not finished, and find a file once, however many names links
            give it.
        roots: Folders to look in, first choice first.

    Returns:
        Absolute paths, sorted, each once.

    Raises:
        NoFileError: A pattern matches nothing.
        IngestError: A folder that may hold some cannot be read.
    """
    found: set[Path] = set()
    for pattern in patterns:
        path = local_path(pattern) if is_url(pattern) else Path(pattern).expanduser()
        bases = [Path(path.anchor)] if path.is_absolute() else [Path(root).expanduser() for root in roots]
        matches = next(filter(None, (_matches(str(path), base=base) for base in bases)), None)
        if matches is None:
            folders = dict.fromkeys(os.path.abspath(base) for base in bases)
            tried = "" if path.is_absolute() else f" under {', '.join(folders)}"
            known = "check the name, get it with `persona-fidelity fetch`"
            fetch = "run `persona-fidelity fetch` with the same study" if is_url(pattern) else known
            raise NoFileError(
                pattern,
                f"No file matches {pattern!r}{tried}: {fetch}, or set --data-root or PERSONA_FIDELITY_DATA "
                "to the folder that holds it.",
            )
        found.update(matches)
    return sorted(found)


def _matches(pattern: str, *, base: Path) -> list[Path]:
    # A name that exists is not a glob, whatever brackets it holds.
    if os.path.isdir(base / pattern):
        _require_open(os.path.join(glob.escape(pattern), "**", "*"), base=base)
        names = [os.path.join(pattern, name) for name in glob.glob("**", root_dir=base / pattern, recursive=True)]
    elif os.path.exists(base / pattern):
        return [Path(os.path.abspath(base / pattern))]
    else:
        _require_open(pattern, base=base)
        names = glob.glob(pattern, root_dir=base, recursive=True)
    finished = [base / name for name in names if not name.endswith(UNFINISHED)]
    return _once([Path(os.path.abspath(path)) for path in finished if path.is_file()])


def _require_open(pattern: str, *, base: Path) -> None:
    """Refuse folders on the way that may not be read: `glob` passes over them as if they were empty."""
    parts = Path(pattern).parts
    for number, part in enumerate(parts):
        is_listed = glob.has_magic(part) or "**" in parts[:number]
        needed = os.R_OK | os.X_OK if is_listed else os.X_OK
        names = glob.glob(os.path.join(*parts[:number]), root_dir=base, recursive=True) if number else [""]
        for folder in (base / name for name in names):
            if os.path.isdir(folder) and folder.name != OF_THE_DISK and not os.access(folder, needed):
                raise IngestError(
                    f"{os.path.abspath(folder)} cannot be read, and may hold files of the study: check its permissions, or "
                    "name the folders beside it in the study."
                )


def _once(paths: Sequence[Path]) -> list[Path]:
    """Of several names of a file the one with the fewest links in it, then the shortest: a link to a folder above it gives it dozens."""
    found: dict[str, Path] = {}
    # A link such as `current.jsonl`, or a linked folder `current`, may be another's name tomorrow.
    for path in sorted(paths, key=lambda path: (_n_links(path), len(path.parts), path)):
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _n_links(path: Path) -> int:
    return sum(part.is_symlink() for part in (path, *path.parents))


def check_file(path: Path) -> None:
    """Refuse what cannot be a data file.

    Raises:
        IngestError: The path is missing, a folder, a pipe, empty, unreadable, or not gzip though named so.
    """
    if not _is_text(str(path)):
        raise IngestError(f"{str(path)!a} is not a valid UTF-8 file name: rename the file.")
    if path.is_dir():
        raise IngestError(f"{path} is a folder: name the files in it, for example {path / '*.jsonl.gz'}.")
    if not path.exists():
        raise IngestError(f"{path} does not exist: check the name, or set --data-root or PERSONA_FIDELITY_DATA.")
    if not path.is_file():
        raise IngestError(f"{path} is a pipe or a device, which can be read only once: write its contents to a file.")
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(GZIP_MAGIC))
    except OSError as error:
        raise IngestError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    if not magic:
        raise IngestError(f"{path} is empty: download or export it again.")
    if path.suffix == ".gz" and magic != GZIP_MAGIC:
        raise IngestError(f"{path} is named .gz but is not gzip data: download it again, or rename it.")


def is_gzip(path: Path) -> bool:
    """Whether the file's first bytes are gzip's; its name does not matter."""
    with path.open("rb") as stream:
        return stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def sha256(path: Path) -> str:
    """SHA-256 of the file as it lies on disk, 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def open_bytes(path: Path) -> IO[bytes]:
    """The uncompressed bytes of a plain or gzip file."""
    return cast(IO[bytes], gzip.open(path)) if is_gzip(path) else path.open("rb")


def is_wide(head: bytes) -> bool:
    """Whether text that begins with these four bytes is UTF-16 or UTF-32, with a byte order mark or without."""
    return head[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) or (any(head) and b"\0\0" in (head[:4:2], head[1:4:2]))


@contextmanager
def surveying(path: Path) -> Iterator[Callable[[], FileBytes]]:
    """Survey a file in the background: Python lets go of its lock while it unpacks. Who leaves early does not wait.

    Yields:
        Waits for what ``survey`` returns or raises.
    """
    stopped = Event()
    with ThreadPoolExecutor(1) as pool:
        facts = pool.submit(survey, path, stopped.is_set)
        try:
            yield facts.result
        finally:
            stopped.set()


def survey(path: Path, is_stopped: Callable[[], bool] = lambda: False) -> FileBytes:
    """Read all bytes once: check the compression, count the physical lines.

    Args:
        path: A plain or gzip file.
        is_stopped: Asked now and then; once it is true, the result means nothing.

    Raises:
        IngestError: The gzip data is cut short or damaged, or there is no text in the file.
    """
    n_lines, has_carriage_returns, has_text, last = 0, False, False, b""
    for chunk in _chunks(path):
        n_lines += chunk.count(b"\n")
        has_carriage_returns = has_carriage_returns or b"\r" in chunk
        has_text = has_text or not chunk.isspace()
        last = chunk[-1:]
        if is_stopped():
            break
    if not has_text:
        raise IngestError(f"{path} is empty, or blank throughout: download or export it again.")
    return FileBytes(n_lines + (last != b"\n"), has_carriage_returns)


def copy_with_plain_line_ends(path: Path, target: Path) -> None:
    """Write the bytes uncompressed, with a blank for each carriage return; line numbers stay the same.

    A carriage return is only ever white space here: JSON and the ratings files escape it inside values.
    """
    with target.open("wb") as stream:
        for chunk in _chunks(path):
            stream.write(chunk.replace(b"\r", b" "))


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with open_bytes(path) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except EOFError as error:
        raise IngestError(f"{path} is cut short (its gzip data has no end): download it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise IngestError(f"{path} is damaged gzip data ({error}): download it again.") from error
