"""One process at a time downloads a file: two would write into the same part."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from python_assets.ingest.errors import IngestError


@contextmanager
def only_download(url: str, part: Path) -> Iterator[None]:
    """Hold the hidden lock file beside a part, and take it away in the end.

    Args:
        url: What is downloaded.
        part: Where what has arrived is kept; its folder is there.

    Raises:
        IngestError: Another process downloads to the same place.
    """
    path = part.with_name(f".{part.name}.lock")
    descriptor = _locked(url, path)
    try:
        yield
    finally:
        # While it is locked still: nobody else's is taken away.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(url: str, path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise IngestError(
                f"{url} is being fetched by another process: wait until it is done, and run the same command again."
            ) from None
        except OSError:
            return descriptor  # Not every file system has locks; there nobody is kept out.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)  # Who had it took it away between the two calls.
