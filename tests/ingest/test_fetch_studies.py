"""What `fetch` takes for a study or for categories, and where it puts it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagster_defs.cli import main
from python_assets.ingest import IngestError, source_files
from python_assets.ingest.corpus_files import files_of_sources
from python_assets.study import Source
from python_assets.study.files import load_study
from tests.ingest.file_server import FileServer, serve

DATA = b"reviews"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve({"/a.jsonl.gz": DATA}) as running:
        yield running


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
    study = study_of(tmp_path, f"{server.url}/a.jsonl.gz#sha256={DIGEST}")
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


def study_of(folder: Path, reviews: str) -> Path:
    """A study of one source of the category A."""
    path = folder / "mine.yml"
    path.write_text(
        f"name: mine\nsources: [{{category: A, reviews: '{reviews}'}}]\nsplits: {{A: [A]}}\n"
        "populations: [{name: p, condition: control, rater: {backend: perfect}}]\n"
    )
    return path


def wanted(*sources: dict[str, str]) -> list[str]:
    """Addresses below the authors' folder."""
    needed = files_of_sources([Source.model_validate(source) for source in sources], base_url="http://h")
    assert not needed.others
    return [file.url.removeprefix("http://h/") for file in needed.wanted]


def test_a_rating_only_file_is_the_one_that_the_study_names() -> None:
    names = [f"benchmark/{core}/rating_only/A.csv.gz" for core in ("5core", "0core")]
    for sources in (names, [f"mine/{name}" for name in names], [name.replace("benchmark", "**") for name in names]):
        assert [wanted({"category": "A", "reviews": name}) for name in sources] == [[names[0]], [names[1]]]
    assert wanted({"category": "A", "reviews": "**/A.csv.gz"}) == wanted({"category": "A", "reviews": "A.csv.gz"})


@pytest.mark.parametrize("name", ["A.jsonl.gz", "mine/A.jsonl.gz", "*/*/A.jsonl.gz", "raw/**/A.jsonl.gz"])
def test_a_file_is_kept_where_its_source_finds_it(tmp_path: Path, server: FileServer, name: str) -> None:
    server.files["/raw/review_categories/A.jsonl.gz"] = DATA
    study = study_of(tmp_path, name)
    for said in ("MB)", "was there already"):
        done = call("--study", str(study), "--base-url", server.url, "--data-root", str(tmp_path / "data"))
        assert (done.exit_code, said in done.output) == (0, True), done.output
    (file,) = source_files(load_study(str(study)).sources, roots=[tmp_path / "data"])
    assert file.path.read_bytes() == DATA


def test_what_is_there_in_another_layout_is_not_fetched_a_second_time(tmp_path: Path, server: FileServer) -> None:
    server.files |= {"/raw/review_categories/A.jsonl.gz": DATA, "/raw/review_categories/B.jsonl.gz": DATA}
    # Beside the data root: what lies in a study's own folder comes with it.
    study = tmp_path / "study" / "mine.yml"
    study.parent.mkdir()
    study.write_text(
        "name: mine\nsources: [{category: A, reviews: '**/A.jsonl.gz'}, {category: B, reviews: '**/B.jsonl.gz'}]\n"
        "splits: {All: [A, B]}\npopulations: [{name: p, condition: control, rater: {backend: perfect}}]\n"
    )
    copy, unfinished = (tmp_path / "data" / "amazon_2023" / name for name in ("A/A.jsonl.gz", "B/B.jsonl.gz.part"))
    for path in (copy, unfinished):
        path.parent.mkdir(parents=True)
        path.write_bytes(DATA)
    for _ in range(2):
        done = call("--study", str(study), "--base-url", server.url, "--data-root", str(tmp_path / "data"))
        assert (done.exit_code, f"{copy} (0.0 MB, was there already)" in done.output) == (0, True), done.output
    assert [path for method, path, _ in server.requests if method == "GET"] == ["/raw/review_categories/B.jsonl.gz"]
    assert len(source_files(load_study(str(study)).sources, roots=[tmp_path / "data"])) == 2


def test_a_file_of_ones_own_keeps_its_place(tmp_path: Path, server: FileServer) -> None:
    server.files["/raw/review_categories/A.jsonl.gz"] = DATA
    own = tmp_path / "data" / "mine" / "A.jsonl.gz"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"an excerpt")
    study, sums = tmp_path / "study", tmp_path / "SHA256SUMS"
    study.mkdir()
    options = ["--base-url", server.url, "--data-root", str(tmp_path / "data")]
    done = call("--study", str(study_of(study, "mine/A.jsonl.gz")), *options)
    assert (done.exit_code, f"{own} (0.0 MB, was there already)" in done.output) == (0, True), done.output
    sums.write_text(f"{DIGEST}  A.jsonl.gz\n")
    done = call("--study", str(study / "mine.yml"), *options, "--sha256sums", str(sums))
    assert (done.exit_code, f"{own} has another SHA-256 than wanted: move it away" in done.output) == (1, True)
    assert own.read_bytes() == b"an excerpt"
    assert not server.gets


@pytest.mark.parametrize("name", ["{}/raw/review_categories/A.jsonl.gz", "{}/**/A.jsonl.gz", "{}/A.jsonl.gz"])
def test_a_whole_path_below_the_data_root_is_as_good(tmp_path: Path, server: FileServer, name: str) -> None:
    server.files["/raw/review_categories/A.jsonl.gz"] = DATA
    study = study_of(tmp_path, name.format(tmp_path / "data"))
    done = call("--study", str(study), "--base-url", server.url, "--data-root", str(tmp_path / "data"))
    assert done.exit_code == 0, done.output
    (file,) = source_files(load_study(str(study)).sources, roots=[tmp_path / "data"])
    assert file.path.read_bytes() == DATA


@pytest.mark.parametrize("name", ["{}/A.jsonl.gz", "../A.jsonl.gz", "*/A.jsonl.gz", "~/of_nobody/A.jsonl.gz"])
def test_what_no_source_would_find_is_not_downloaded(tmp_path: Path, server: FileServer, name: str) -> None:
    server.files["/raw/review_categories/A.jsonl.gz"] = DATA
    study = study_of(tmp_path, name.format(tmp_path / "elsewhere"))
    done = call("--study", str(study), "--base-url", server.url, "--data-root", str(tmp_path / "data"))
    assert done.exit_code == 1
    assert "and no download is known that it would find: put the file there by hand, or correct its name" in done.output
    assert not server.gets


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
        (["All_Beuaty"], 1, "the category's name, spelt as in All_Beauty, and --base-url"),
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


def test_the_two_rating_only_files_of_a_category_have_a_checksum_each(tmp_path: Path, server: FileServer) -> None:
    names = [f"benchmark/{core}/rating_only/A.csv.gz" for core in ("5core", "0core")]
    server.files |= {f"/{name}": name.encode() for name in names}
    lines = [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in names]
    sums = tmp_path / "SHA256SUMS"
    options = ["--base-url", server.url, "--data-root", str(tmp_path / "data"), "--sha256sums", str(sums)]
    for order in (lines, lines[::-1]):
        sums.write_text("\n".join(order))
        for name in (*names, "A.csv.gz"):
            done = call("--study", str(study_of(tmp_path, name)), *options)
            assert done.exit_code == 0, done.output
    assert len(server.gets) == 3
    sums.write_text("\n".join(line.replace("benchmark/5core", "x").replace("benchmark/0core", "y") for line in lines))
    done = call("--study", str(study_of(tmp_path, names[1])), *options)
    wanted = "The checksums have both x/rating_only/A.csv.gz and y/rating_only/A.csv.gz for benchmark/0core"
    assert (done.exit_code, wanted in done.output) == (1, True), done.output
