"""Checksums as ``sha256sum`` writes them, and which of them is a file's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import urlsplit

from python_assets.ingest.errors import IngestError


def read_checksums(text: str) -> dict[PurePosixPath, str]:
    """Path to SHA-256, in lower case, from lines as ``sha256sum`` writes them.

    Args:
        text: What the file of checksums holds.

    Returns:
        One entry a path, as it stands there; of two lines of the same path the later one's.

    Raises:
        IngestError: A line is something else.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        digits, _, name = line.strip().partition(" ")
        if not line.strip():
            continue
        if len(digits) != 64 or set(digits.lower()) - set("0123456789abcdef") or not name.strip():
            raise IngestError(f"line {number} of the checksums is not `SHA256  NAME`: write them with `sha256sum`.")
        found[PurePosixPath(name.strip().lstrip("*"))] = digits.lower()
    return found


def checksum_of(url: str, target: Path, checksums: Mapping[PurePosixPath, str]) -> str | None:
    """The checksum of a file of this name, of several the one whose path ends most like the file's or its address.

    Args:
        url: Where the file comes from.
        target: Where it is kept below the data root.
        checksums: What ``read_checksums`` found.

    Returns:
        64 hex digits, or None where no line has the name.

    Raises:
        IngestError: Two lines fit alike, and say different things.
    """
    places = (target, PurePosixPath(urlsplit(url).path))
    named = [path for path in checksums if path.name == target.name]
    alike = {path: max(_common_tail(path, place) for place in places) for path in named}
    best = [path for path, length in alike.items() if length == max(alike.values())]
    if len({checksums[path] for path in best}) > 1:
        raise IngestError(
            f"The checksums have both {best[0]} and {best[1]} for {target}: leave the line of the other file out."
        )
    return checksums[best[0]] if best else None


def _common_tail(one: PurePath, other: PurePath) -> int:
    """How many parts at the end are the same."""
    pairs = list(zip(reversed(one.parts), reversed(other.parts), strict=False))
    return next((number for number, (a, b) in enumerate(pairs) if a != b), len(pairs))
