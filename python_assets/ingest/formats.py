"""Tell the file layouts apart by their first lines.

Amazon Reviews 2023 (Hou et al. 2024) and Amazon 2018 (Ni et al. 2019) are JSON lines with different keys; the
rating-only files of 2023 are CSV with a header.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from python_assets.ingest.errors import IngestError
from python_assets.ingest.files import is_wide, open_bytes

Format = Literal["amazon_2023", "amazon_2018", "ratings_csv"]
Kind = Literal["reviews", "items"]

FORMATS = ("amazon_2023", "amazon_2018", "ratings_csv")
RATINGS_HEADER = ["user_id", "parent_asin", "rating", "timestamp"]
SNIFFED_LINES = 1000
SNIFFED_LINE_BYTES = 1 << 20

# In this order: a 2023 review has an `asin` too, and both kinds of 2023 file have a `parent_asin`.
TELLTALE_KEYS: tuple[tuple[Format, Kind, frozenset[str]], ...] = (
    ("amazon_2018", "reviews", frozenset({"overall", "unixReviewTime"})),
    ("amazon_2023", "reviews", frozenset({"rating", "timestamp"})),
    ("amazon_2023", "items", frozenset({"parent_asin", "main_category"})),
    ("amazon_2018", "items", frozenset({"asin", "main_cat", "category"})),
)
USER_KEYS: dict[str, Format] = {"reviewerID": "amazon_2018", "user_id": "amazon_2023"}
"""Of reviews alone: a file of one's own may have any other key besides, such as an item's ``rating``."""


class Layout(NamedTuple):
    """What a file holds and how."""

    format: Format
    kind: Kind
    header_line: int
    """Physical line of the CSV header, 0 where there is none."""


def detect_format(path: Path, *, kind: Kind | None = None) -> Layout | None:
    """The layout that the first lines show; blank and broken lines are passed over.

    Args:
        path: A plain or gzip file.
        kind: What it is said to hold: a line that could be either is taken for that.

    Returns:
        The layout, or None when none of the first lines is known.

    Raises:
        IngestError: The compressed data cannot be read.
    """
    seen_line = False
    for number, raw in enumerate(_first_lines(path), start=1):
        line = raw.decode("utf-8-sig", errors="replace").strip()
        if not line:
            continue
        if not seen_line and _is_ratings_header(line):
            return Layout("ratings_csv", "reviews", number)
        seen_line = True
        if layout := _layout_of(_keys(line), kind):
            return layout
    return None


def require_layout(path: Path, *, kind: Kind, declared: str) -> Layout:
    """The layout to read a file with: the declared one if the file does not speak against it, else the detected one.

    Args:
        path: A plain or gzip file.
        kind: What the study says the file holds.
        declared: One of ``FORMATS``, or ``auto``.

    Raises:
        IngestError: The layout is not known, or is another than the declared one.
    """
    if declared not in ("auto", *FORMATS):
        raise IngestError(f"{declared!r} is not a file format: use auto, {', '.join(FORMATS)}.")
    if declared == "ratings_csv" and kind == "items":
        raise IngestError(f"{path} cannot hold items in the format ratings_csv: list it under `reviews`.")
    first = next(_first_lines(path), b"")
    if is_wide(first[:4]):
        raise IngestError(f"{path} is UTF-16 or UTF-32: save it as UTF-8.")
    layout = detect_format(path, kind=kind)
    if layout is None:
        if declared in ("amazon_2023", "amazon_2018"):
            return Layout(cast(Format, declared), kind, 0)
        if len(first) == SNIFFED_LINE_BYTES:
            raise IngestError(
                f"The first line of {path} is longer than {SNIFFED_LINE_BYTES >> 20} MiB: write one review or item a line, not a list "
                "of all, or name the layout as `format` in the study."
            )
        raise IngestError(
            f"{path} is not a file this can read: it takes Amazon Reviews 2023 or Amazon 2018 JSON lines, "
            f"or a CSV with the header {','.join(RATINGS_HEADER)}."
        )
    if declared not in ("auto", layout.format):
        raise IngestError(f"{path} looks like {layout.format}, not {declared}: correct `format`, or set it to auto.")
    if layout.kind != kind:
        raise IngestError(f"{path} looks like {layout.kind}, not {kind}: list it under `{layout.kind}`.")
    return layout


def _first_lines(path: Path) -> Iterator[bytes]:
    try:
        with open_bytes(path) as stream:
            yield from islice(iter(lambda: stream.readline(SNIFFED_LINE_BYTES), b""), SNIFFED_LINES)
    except (OSError, EOFError, zlib.error) as error:
        raise IngestError(f"{path} cannot be read ({error}): download it again.") from error


def _is_ratings_header(line: str) -> bool:
    names = [name.strip(' "') for name in line.split(",")]
    return names[: len(RATINGS_HEADER)] == RATINGS_HEADER


def _layout_of(keys: frozenset[str], kind: Kind | None) -> Layout | None:
    if user := next((key for key in USER_KEYS if key in keys), None):
        return Layout(USER_KEYS[user], "reviews", 0)
    found = [Layout(name, what, 0) for name, what, telltales in TELLTALE_KEYS if keys & telltales]
    items = [layout for layout in found if layout.kind == "items"] if kind == "items" else []
    return next(iter(items + found), None)


def _keys(line: str) -> frozenset[str]:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(value) if isinstance(value, dict) else frozenset()
