"""The files that a study's sources name, each with what it is read as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from python_assets.ingest.files import resolve_files
from python_assets.ingest.formats import Kind
from python_assets.ingest.urls import require_own_files
from python_assets.study import Source


class SourceFile(NamedTuple):
    """One file and its use."""

    path: Path
    category: str
    kind: Kind
    format: str


def source_files(sources: Sequence[Source], *, roots: Sequence[Path]) -> list[SourceFile]:
    """All files of the sources, in the order in which they are read: source by source, reviews first, by path.

    Args:
        sources: The study's.
        roots: Folders that relative patterns start from, first choice first.

    Raises:
        NoFileError: A pattern matches nothing.
        IngestError: Two addresses stand for the same file, or a folder that may hold some cannot be read.
    """
    require_own_files(pattern for source in sources for pattern in (*source.reviews, *source.items))
    found: list[SourceFile] = []
    for source in sources:
        # A rating-only corpus has its metadata in another layout.
        of_items = "auto" if source.format == "ratings_csv" else source.format
        uses: tuple[tuple[Kind, list[str], str], ...] = (
            ("reviews", source.reviews, source.format),
            ("items", source.items, of_items),
        )
        for kind, patterns, layout in uses:
            if patterns:
                paths = resolve_files(patterns, roots=roots)
                found += [SourceFile(path, source.category, kind, layout) for path in paths]
    return found
