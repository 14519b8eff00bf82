"""`fetch` downloads the files that a study reads."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dagster_defs.cli.options import PATH, HomePath

BASE_URL_VARIABLE = "PERSONA_FIDELITY_CORPUS_URL"


@click.command()
@click.argument("categories", nargs=-1, metavar="[CATEGORY ...]")
@click.option("--study", metavar="NAME|FILE", help="Download what this study reads; CATEGORY then picks among it.")
@click.option("--data-root", type=PATH, help="Where to [PERSONA_FIDELITY_DATA, else data].")
@click.option("--base-url", envvar=BASE_URL_VARIABLE, help="A mirror of the corpus authors' folder amazon_2023.")
@click.option(
    "--sha256sums",
    type=HomePath(path_type=Path, exists=True, dir_okay=False),
    help="Checksums as `sha256sum` writes them; files are found by name, and of several by path.",
)
def fetch(
    categories: tuple[str, ...],
    study: str | None,
    data_root: Path | None,
    base_url: str | None,
    sha256sums: Path | None,
) -> None:
    """Download review and item files of Amazon Reviews 2023; goes on where an earlier download broke off."""
    if not categories and not study:
        raise click.UsageError("Name a study (--study paper) or categories (All_Beauty).")
    from python_assets.ingest.checksums import checksum_of, read_checksums
    from python_assets.ingest.corpus_files import BASE_URL, files_of_category, files_of_sources
    from python_assets.ingest.errors import IngestError, NoFileError
    from python_assets.ingest.fetch import fetch_file
    from python_assets.ingest.files import resolve_files, sha256
    from python_assets.study.files import data_roots, load_study, main_data_root, study_path

    base = base_url or BASE_URL
    if not base.startswith(("http://", "https://")):
        raise click.BadParameter(f"{base} is not an http or https address", param_hint="--base-url")
    root = main_data_root(data_root)
    checksums = read_checksums(sha256sums.read_text()) if sha256sums else {}
    if study:
        roots = data_roots(study_path(study).resolve(), root)
        wanted, there, others = files_of_sources(
            load_study(study).sources, categories=categories, base_url=base, bundled=roots[1:], root=root
        )
        for pattern in others:
            try:
                resolve_files([pattern], roots=roots)
            except NoFileError as error:
                raise IngestError(
                    f"No file matches {pattern!r} (data root: {root}), and no download is known that it would find: put the file "
                    "there by hand, or correct its name in the study."
                ) from error
        for url, path, _ in there:
            if (digest := checksum_of(url, path, checksums)) and sha256(path) != digest:
                raise IngestError(f"{path} has another SHA-256 than wanted: move it away, and fetch again.")
            click.echo(f"{path} ({path.stat().st_size / 1e6:,.1f} MB, was there already)")
        if not wanted:
            click.echo("Nothing to download: all files of this study are there.")
    else:
        wanted = [file for name in categories for file in files_of_category(name, base_url=base)]
    # Before the first download, as lines that contradict each other end the command.
    sums = [file.sha256 or checksum_of(file.url, file.target, checksums) for file in wanted]
    for (url, target, _), digest in zip(wanted, sums, strict=True):
        try:
            done = fetch_file(url, root / target, sha256_wanted=digest, progress=sys.stderr.isatty())
        except IngestError:
            click.echo("(what has arrived is kept)", err=True) if (root / f"{target}.part").exists() else None
            raise
        click.echo(f"{done.path} ({done.bytes / 1e6:,.1f} MB{'' if done.downloaded else ', was there already'})")
