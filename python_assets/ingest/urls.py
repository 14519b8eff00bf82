"""URLs in the place of file names: which file a URL is kept in, and which checksum it names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from python_assets.ingest.errors import IngestError

DOWNLOADS = "downloads"


def is_url(text: str) -> bool:
    """Whether a source names an address and not a path."""
    return text.startswith(("http://", "https://"))


def local_path(url: str) -> Path:
    """Where under the data root a URL's file is kept: ``downloads/HOST/PATH``.

    Raises:
        IngestError: The URL names no file.
    """
    parts = urlsplit(url)
    names = [name for name in unquote(parts.path).split("/") if name]
    # The name becomes a path: it must stay below the folder.
    if not parts.hostname or not names or parts.path.endswith("/") or {".", ".."} & set(names) or "\0" in unquote(url):
        raise IngestError(f"{url} names no file: give the whole address, ending in the file's name.")
    return Path(DOWNLOADS, parts.hostname, *names)


def require_own_files(sources: Iterable[str]) -> None:
    """Refuse two addresses that would be kept in the same file, as those that differ only in what follows a ``?``.

    Args:
        sources: What a study names: addresses, and paths, which are passed over.

    Raises:
        IngestError: One of the two would take the other's place, or an address names no file.
    """
    kept: dict[Path, str] = {}
    for url in (source.partition("#")[0] for source in sources if is_url(source)):
        first = kept.setdefault(local_path(url), url)
        if first != url:
            raise IngestError(
                f"{first} and {url} would be kept in the same file, {local_path(url)}: leave one of them out, or download "
                "it under another name yourself and name that file in its place."
            )


def checksum(url: str) -> str | None:
    """The SHA-256 that a URL carries as ``#sha256=...``, in lower case.

    Raises:
        IngestError: The part after ``#`` is something else.
    """
    fragment = urlsplit(url).fragment
    if not fragment:
        return None
    name, _, digits = fragment.partition("=")
    if name != "sha256" or len(digits) != 64 or set(digits.lower()) - set("0123456789abcdef"):
        raise IngestError(f"{url} ends in `#{fragment}`: write `#sha256=` and 64 hexadecimal digits, or leave it out.")
    return digits.lower()
