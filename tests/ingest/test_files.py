"""Finding files, and refusing those that are no data."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from python_assets.ingest import IngestError, NoFileError, files, resolve_files
from python_assets.warehouse import Warehouse
from tests.ingest.samples import ingest, review, write

TABLES = ("raw.reviews", "raw.items", "raw.rejected_rows", "raw.ingested_files")


def nothing_written(warehouse: Warehouse) -> bool:
    """Whether all tables of the stage are empty."""
    return all(warehouse.rows(f"select count(*) from {table}") == [(0,)] for table in TABLES)


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_the_first_root_in_which_a_pattern_matches_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    touch(first / "b.jsonl", second / "a.jsonl", second / "b.jsonl", second / "deep" / "er" / "c.jsonl")
    roots = [tmp_path / "absent", first, second]
    assert resolve_files(["b.jsonl", "a.jsonl"], roots=roots) == [first / "b.jsonl", second / "a.jsonl"]
    assert resolve_files(["*.jsonl", "b.jsonl"], roots=roots) == [first / "b.jsonl"]
    assert resolve_files(["*.jsonl"], roots=[second, first]) == [second / "a.jsonl", second / "b.jsonl"]
    assert resolve_files(["**/c.jsonl"], roots=roots) == [second / "deep" / "er" / "c.jsonl"]


def test_absolute_paths_and_globs_need_no_root(tmp_path: Path) -> None:
    touch(tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert resolve_files([str(tmp_path / "b.jsonl")], roots=[]) == [tmp_path / "b.jsonl"]
    found = resolve_files([str(tmp_path / "*.jsonl"), str(tmp_path / "a.jsonl")], roots=[])
    assert found == [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]


def test_a_name_with_brackets_is_a_name_before_it_is_a_glob(tmp_path: Path) -> None:
    touch(tmp_path / "a[b].jsonl", tmp_path / "ab.jsonl")
    assert resolve_files(["a[b].jsonl"], roots=[tmp_path]) == [tmp_path / "a[b].jsonl"]


def test_a_glob_does_not_find_folders(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "x.jsonl")
    with pytest.raises(IngestError):
        resolve_files(["*"], roots=[tmp_path])


def test_a_folder_stands_for_all_finished_files_in_and_below_it(tmp_path: Path) -> None:
    landing = tmp_path / "landing[1]"
    kept = [landing / "2024" / "b.jsonl.gz", landing / "a.jsonl"]
    unfinished = [landing / f"c.jsonl.gz.{ending}" for ending in ("part", "partial", "tmp", "crdownload")]
    touch(*kept, *unfinished, landing / ".hidden.jsonl", landing / ".git" / "d.jsonl")
    assert resolve_files(["landing[1]"], roots=[tmp_path]) == kept
    assert resolve_files([str(landing)], roots=[]) == kept
    assert resolve_files(["*/*"], roots=[tmp_path]) == [landing / "a.jsonl"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match="No file matches 'empty'"):
        resolve_files(["empty"], roots=[tmp_path])


@pytest.mark.parametrize(
    ("source", "refused"),
    [("landing", True), ("*/*.jsonl", False), ("*/*/*.jsonl", True), ("**/a.jsonl", True), ("landing/a.jsonl", False)],
)
def test_a_folder_that_may_not_be_read_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, refused: bool
) -> None:
    shut = tmp_path / "landing" / "shut"
    shut.mkdir(parents=True)
    for folder in (shut, shut.parent):
        (folder / "a.jsonl").write_text("x")
    # Root may read all folders.
    monkeypatch.setattr(files.os, "access", lambda path, _: Path(path) != shut)
    if refused:
        with pytest.raises(IngestError, match=r"shut cannot be read.*check its permissions"):
            resolve_files([source], roots=[tmp_path])
    else:
        assert resolve_files([source], roots=[tmp_path]) == [shut.parent / "a.jsonl"]


def test_a_disk_of_its_own_may_be_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "landing" / "a.jsonl")
    (tmp_path / "landing" / "lost+found").mkdir()
    monkeypatch.setattr(files.os, "access", lambda path, _: Path(path).name != "lost+found")
    assert resolve_files(["landing"], roots=[tmp_path]) == [tmp_path / "landing" / "a.jsonl"]


@pytest.mark.parametrize("pattern", ["landing", "landing/**", "landing/**/*.jsonl"])
def test_a_link_to_a_folder_above_gives_no_file_a_second_name(tmp_path: Path, pattern: str) -> None:
    landing = tmp_path / "landing"
    touch(landing / "deep" / "a.jsonl", landing / "b.jsonl")
    (landing / "a_loop").symlink_to(".")
    (landing / "deep" / "up").symlink_to(landing / "deep")
    assert resolve_files([pattern], roots=[tmp_path]) == [landing / "b.jsonl", landing / "deep" / "a.jsonl"]


def test_a_linked_folder_and_a_linked_file_keep_the_names_that_the_study_gives_them(tmp_path: Path) -> None:
    touch(tmp_path / "disk" / "a.jsonl")
    (tmp_path / "link").symlink_to("disk")
    (tmp_path / "b.jsonl").symlink_to("disk/a.jsonl")
    assert resolve_files(["link"], roots=[tmp_path]) == [tmp_path / "link" / "a.jsonl"]
    assert resolve_files(["*.jsonl"], roots=[tmp_path]) == [tmp_path / "b.jsonl"]


def test_a_link_that_moves_on_to_the_newest_file_gives_no_file_another_name(tmp_path: Path) -> None:
    nights = [tmp_path / "reviews-1.jsonl", tmp_path / "reviews-2.jsonl"]
    for count, night in enumerate(nights, start=1):
        touch(night)
        (tmp_path / "current.jsonl").unlink(missing_ok=True)
        (tmp_path / "current.jsonl").symlink_to(night.name)
        assert resolve_files(["*.jsonl"], roots=[tmp_path]) == nights[:count]


def test_a_linked_folder_that_moves_on_to_the_newest_gives_no_file_another_name(tmp_path: Path) -> None:
    # A link above all of them tells nothing.
    (tmp_path / "disk").mkdir()
    (tmp_path / "root").symlink_to("disk")
    nights = [tmp_path / "root" / month / "reviews.jsonl" for month in ("july", "june")]
    for night in nights:
        night.parent.mkdir()
        night.write_text("x")
        (tmp_path / "disk" / "current").unlink(missing_ok=True)
        (tmp_path / "disk" / "current").symlink_to(night.parent.name)
        assert night in resolve_files(["*/*.jsonl"], roots=[tmp_path / "root"])
    assert resolve_files([str(tmp_path / "root")], roots=[]) == nights


def test_a_url_stands_for_the_file_that_fetch_keeps_it_in(tmp_path: Path) -> None:
    url = "https://example.org/data/a%20b.jsonl.gz?v=1#sha256=" + "0" * 64
    with pytest.raises(IngestError, match="run `persona-fidelity fetch` with the same study"):
        resolve_files([url], roots=[tmp_path])
    touch(tmp_path / "downloads" / "example.org" / "data" / "a b.jsonl.gz")
    assert resolve_files([url], roots=[tmp_path])[0].name == "a b.jsonl.gz"


@pytest.mark.parametrize(
    "url", ["https://example.org", "https://example.org/a/", "http://h/%2e%2e/%2E./x", "http://h/a%00"]
)
def test_a_url_never_leads_out_of_the_data_root(url: str) -> None:
    with pytest.raises(IngestError, match="names no file"):
        resolve_files([url], roots=[])


@pytest.mark.parametrize("pattern", ["none.jsonl", "none*.jsonl"])
def test_a_pattern_without_a_match_is_named_with_the_roots(tmp_path: Path, pattern: str) -> None:
    touch(tmp_path / "a.jsonl")
    with pytest.raises(IngestError) as caught:
        resolve_files(["a.jsonl", pattern], roots=[tmp_path, tmp_path / "other"])
    message = str(caught.value)
    for words in (pattern, str(tmp_path), str(tmp_path / "other"), "--data-root", "PERSONA_FIDELITY_DATA"):
        assert words in message
    assert "\n" not in message


def test_a_folder_that_was_looked_in_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(NoFileError) as caught:
        resolve_files(["none.jsonl"], roots=[tmp_path, tmp_path / "sub" / ".."])
    assert str(caught.value).count(str(tmp_path)) == 1
    assert caught.value.pattern == "none.jsonl"


GOOD = b"".join(review(user=f"u{i}") + b"\n" for i in range(2000))
ZIPPED = gzip.compress(GOOD)
FLIPPED = ZIPPED[:-8] + bytes([ZIPPED[-8] ^ 1]) + ZIPPED[-7:]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.jsonl", b"", "is empty"),
        ("a.jsonl.gz", b"", "is empty"),
        ("a.jsonl.gz", gzip.compress(b""), "is empty"),
        ("a.jsonl", b"\n \n\r\n", "is empty, or blank throughout"),
        ("a.jsonl.gz", gzip.compress(b"\n\n"), "is empty, or blank throughout"),
        ("a.csv", b"user_id,parent_asin,rating,timestamp\n\n", "has a header and no row"),
        ("a.jsonl.gz", GOOD, "is not gzip data"),
        ("a.jsonl.gz", ZIPPED[: len(ZIPPED) // 2], "cut short"),
        ("a.jsonl.gz", ZIPPED[:-4], "cut short"),
        ("a.jsonl.gz", FLIPPED, "damaged gzip data"),
        ("a.jsonl.gz", ZIPPED + b"rest", "damaged gzip data"),
        ("a.jsonl.gz", ZIPPED + bytes(512), "unpack it yourself, or download it again"),
        ("a.jsonl", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a file this can read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_sentence(
    tmp_path: Path, warehouse: Warehouse, name: str, data: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(IngestError, match=words) as caught:
        ingest(warehouse, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert nothing_written(warehouse)


def test_missing_files_and_folders_are_named(tmp_path: Path, warehouse: Warehouse) -> None:
    with pytest.raises(IngestError, match="does not exist"):
        ingest(warehouse, tmp_path / "none.jsonl")
    with pytest.raises(IngestError, match="is a folder"):
        ingest(warehouse, tmp_path)
    assert nothing_written(warehouse)


def test_a_pipe_is_no_file(tmp_path: Path, warehouse: Warehouse) -> None:
    os.mkfifo(tmp_path / "a.jsonl")
    with pytest.raises(IngestError, match="is a pipe or a device"):
        ingest(warehouse, tmp_path / "a.jsonl")
    assert nothing_written(warehouse)


def test_gzip_data_is_known_by_its_bytes_and_may_have_several_members(tmp_path: Path, warehouse: Warehouse) -> None:
    path = tmp_path / "unnamed.jsonl"
    path.write_bytes(gzip.compress(review("u1") + b"\n") + gzip.compress(review("u2") + b"\n"))
    assert ingest(warehouse, path).n_accepted == 2


@pytest.mark.parametrize(
    "name",
    [
        "a b.jsonl",
        'it\'s "quoted".jsonl',
        "a*b.jsonl",
        "a?b.jsonl",
        "a[1].jsonl",
        "[!x].jsonl",
        "x=1.jsonl",
        "a;b--.gz",
    ],
)
def test_file_names_are_never_globs_or_sql(tmp_path: Path, warehouse: Warehouse, name: str) -> None:
    folder, decoys = tmp_path / "p=1*", tmp_path / "p=1x"
    for decoy in ("axb.jsonl", "a1.jsonl", "y.jsonl"):
        for parent in (folder, decoys):
            parent.mkdir(exist_ok=True)
            write(parent / decoy, [review("decoy")])
    assert ingest(warehouse, write(folder / name, [review("real")])).n_accepted == 1
    assert warehouse.rows("select user_id, file from raw.reviews") == [("real", str(folder / name))]


def test_a_relative_path_is_the_same_file(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", [review()])
    ingest(warehouse, path)
    monkeypatch.chdir(tmp_path)
    assert ingest(warehouse, Path("a.jsonl")).skipped


def test_a_file_that_is_written_to_meanwhile_is_refused(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", [review("u1")])
    survey = files.survey

    def touch_after_survey(path: Path, is_stopped: Callable[[], bool]) -> files.FileBytes:
        facts = survey(path, is_stopped)
        os.utime(path, ns=(1, 1))
        return facts

    monkeypatch.setattr(files, "survey", touch_after_survey)
    with pytest.raises(IngestError, match="changed while it was read"):
        ingest(warehouse, path)
    assert nothing_written(warehouse)


def test_who_leaves_early_does_not_wait_for_the_survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", [review()])
    endless = iter(lambda: b"{}\n", b"")
    monkeypatch.setattr(files, "_chunks", lambda path: endless)
    with pytest.raises(KeyboardInterrupt), files.surveying(path):
        raise KeyboardInterrupt
