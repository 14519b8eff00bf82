"""Which files of Amazon Reviews 2023 a study needs, and where their authors keep them (Hou et al. 2024)."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from python_assets.ingest.errors import IngestError
from python_assets.ingest.files import resolve_files
from python_assets.ingest.urls import checksum, is_url, local_path, require_own_files
from python_assets.study import Source

BASE_URL = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023"
LAYOUT = ("raw/review_categories/{}.jsonl.gz", "raw/meta_categories/meta_{}.jsonl.gz")
RATING_ONLY = ("benchmark/5core/rating_only/{}.csv.gz", "benchmark/0core/rating_only/{}.csv.gz")


class Wanted(NamedTuple):
    """One file to download."""

    url: str
    target: Path
    """Relative to the data root."""
    sha256: str | None


class Needed(NamedTuple):
    """What becomes of the files that a study's sources name."""

    wanted: list[Wanted]
    """To be downloaded, or looked at whether they are whole."""
    there: list[Wanted]
    """Found below the data root where their authors do not keep them, which is absolute then: whatever they hold, nothing takes their place."""
    others: list[str]
    """Patterns that no download is known for."""


def files_of_category(category: str, *, base_url: str) -> list[Wanted]:
    """The review file and the item file of a category.

    Raises:
        IngestError: The name cannot be a category's.
    """
    if not category.replace("_", "").isalnum() or not category.isascii():
        raise IngestError(f"{category!r} is not a category's name: they are spelt as in All_Beauty.")
    return [_wanted(name.format(category), base_url) for name in LAYOUT]


def files_of_sources(
    sources: Sequence[Source],
    *,
    categories: Collection[str] = (),
    base_url: str,
    bundled: Sequence[Path] = (),
    root: Path | None = None,
) -> Needed:
    """What the sources name: URLs, and files that are called as in the authors' layout, each to be kept where its source finds it.

    Args:
        sources: The study's.
        categories: Only these; empty for all.
        base_url: Where the authors' layout starts.
        bundled: Folders that come with the study: what is found there is not downloaded.
        root: The data root: of what a path or a glob finds there already, no second copy is downloaded.

    Returns:
        The files to download, those that are there, and the patterns that no download is known for.

    Raises:
        IngestError: A category is not among the sources', or two addresses would be kept in the same file.
    """
    require_own_files(pattern for source in sources for pattern in (*source.reviews, *source.items))
    names = [source.category for source in sources]
    if unknown := sorted(set(categories) - set(names)):
        raise IngestError(f"the study has no category {unknown[0]}: it has {', '.join(names)}.")
    wanted: list[Wanted] = []
    there: list[Wanted] = []
    others: list[str] = []
    for source in sources:
        if categories and source.category not in categories:
            continue
        for pattern in (*source.reviews, *source.items):
            if not is_url(pattern) and _found(pattern, bundled):
                continue
            if is_url(pattern):
                wanted.append(Wanted(pattern.partition("#")[0], local_path(pattern), checksum(pattern)))
            elif file := _named(_below(pattern, root), source.category, base_url):
                # A copy in another layout, beside which a second one would be read too, or a file of one's own under that name.
                is_at_home = root is not None and file.is_as_kept and (root / file.wanted.target).exists()
                copies = [] if root is None or is_at_home else _found(pattern, [root])
                there += [file.wanted._replace(target=copy) for copy in copies]
                wanted += [] if copies else [file.wanted]
            else:
                others.append(pattern)
    return Needed(list(dict.fromkeys(wanted)), list(dict.fromkeys(there)), others)


def _found(pattern: str, roots: Sequence[Path]) -> list[Path]:
    try:
        return resolve_files([pattern], roots=roots) if roots else []
    except IngestError:
        return []


def _below(pattern: str, root: Path | None) -> str:
    path = Path(os.path.expanduser(pattern))
    home = root.absolute() if root else None
    return str(path.relative_to(home)) if home and path.is_absolute() and path.is_relative_to(home) else pattern


class _Named(NamedTuple):
    wanted: Wanted
    is_as_kept: bool
    """Whether it is kept where its authors keep it."""


def _named(pattern: str, category: str, base_url: str) -> _Named | None:
    """The authors' file that a path or a glob means, kept where that finds it; None where it finds none below the data root."""
    path = PurePosixPath(pattern)
    names = [name.format(category) for name in (*LAYOUT, *RATING_ONLY)]
    names = [name for name in names if PurePosixPath(name).name == path.name]
    if glob.has_magic(pattern):
        found = [name for name in names if _finds(path.parts, PurePosixPath(name).parts)]
        return _Named(_wanted(found[-1], base_url), is_as_kept=True) if found else None
    if not names or Path(pattern).expanduser().is_absolute() or ".." in path.parts:
        return None
    # A path may say which of the two rating-only files it means.
    exact = next((name for name in names if pattern.endswith(name)), names[-1])
    return _Named(_wanted(exact, base_url)._replace(target=Path(pattern)), is_as_kept=path == PurePosixPath(exact))


def _finds(pattern: Sequence[str], name: Sequence[str]) -> bool:
    """Whether a glob finds a file that lies there, both in parts."""
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(_finds(pattern[1:], name[start:]) for start in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and _finds(pattern[1:], name[1:])


def _wanted(name: str, base_url: str) -> Wanted:
    return Wanted(f"{base_url.rstrip('/')}/{name}", Path(name), None)
