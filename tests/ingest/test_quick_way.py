"""What is read the quick way is what the careful way reads; what is not in order goes the careful way."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from python_assets.ingest import IngestError, lines, review_lines
from python_assets.ingest.files import survey
from tests.ingest.samples import MILLISECONDS, review, write
from tests.ingest.test_property import ODD_VALUES, objects, titles

ODD_LINES = [
    *[b"", b" ", b"{}", b"[1]", b"null", b"{broken", b"\xff", review() + b"{}", review() + b" 3", review()[:-1]],
    *[review(user=value) for value in (None, "", "a\\b", 'a"b', "\0", 17, 1.5, True, ["u"], {"u": 1})],
    *[review(rating=value) for value in (None, "5", "five", True, [5], float("nan"), 0, 5.5)],
    *[review(time=value) for value in (None, str(MILLISECONDS), True, 0, 1e300)],
    *[review(title=value) for value in (None, 5, 1.50, True, ["a"], {"a": [1, None]}, "\0", "\ud83d\ude00", "a\nb")],
    *[review(extra={"user_id": "other"}), review()[:-1] + b', "rating": 1, "user_id": "again", "title": "again"}'],
    *[b"\xef\xbb\xbf" + review(), review() + b"\r", b"\t" + review() + b" ", review(text="x" * (5 << 20))],
    *[review(user=" u ", item="\u00e9"), review(user="\u2003"), b'{"user_id": "u", "parent_asin": "i"}'],
    *[review(user="u\t"), review(item="\t"), review(user="u\u0085")],
]

plain = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from(["u1", " u ", "u\u00a0", "O'Brien", "\U0001f600 é"]),
        "parent_asin": st.sampled_from(["i1", "B0'; --"]),
    }
    | {"rating": st.sampled_from([1, 4.5, 5.0]), "timestamp": st.sampled_from([1_500_000_000_000, 1_500_000_000.25])},
    optional=dict.fromkeys(["title", "text", "verified"], st.one_of(titles, st.sampled_from(ODD_VALUES))),
)
rows = st.one_of(st.lists(plain, min_size=1, max_size=12), st.lists(st.one_of(plain, objects), min_size=1, max_size=12))


def staged(path: Path, reader: lines.Reader) -> list[tuple[object, ...]]:
    """Rows with their line numbers."""
    columns = "line_number, is_blank, problem, excerpt, user_id, item_id, reviewed_at, rating::varchar, title, text"  # NaN = NaN
    with duckdb.connect() as connection:
        lines.stage_lines(connection, path, reader, surveyed=lambda: survey(path))
        return connection.execute(f"select {columns} from numbered order by row_id").fetchall()


def is_quick(path: Path, reader: lines.Reader) -> bool:
    """Whether the quick way is taken to the end: the careful one is not there."""
    try:
        return bool(staged(path, reader._replace(careful="nothing")))
    except IngestError:
        return False


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=rows,
    zipped=st.booleans(),
    spaces=st.sampled_from(["", " "]),
)
def test_both_ways_read_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, object]],
    zipped: bool,
    spaces: str,
) -> None:
    path = tmp_path_factory.mktemp("ways") / "a.jsonl"
    data = b"".join(
        json.dumps(row, ensure_ascii=False, separators=(f",{spaces}", f"{spaces}:")).encode() + b"\n" for row in rows
    )
    path.write_bytes(gzip.compress(data) if zipped else data)
    reader = review_lines.reader("amazon_2023")
    assert staged(path, reader) == staged(path, reader._replace(quick=""))


@pytest.mark.parametrize("line", ODD_LINES, ids=range(len(ODD_LINES)))
def test_an_odd_line_among_good_ones(tmp_path: Path, line: bytes) -> None:
    path = write(tmp_path / "a.jsonl", [review(), line, review(user="u2")])
    reader = review_lines.reader("amazon_2023")
    assert staged(path, reader) == staged(path, reader._replace(quick=""))


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_good_lines_go_the_quick_way_and_keep_their_order(tmp_path: Path, suffix: str) -> None:
    n, reader = 150_000, review_lines.reader("amazon_2023")
    path = write(tmp_path / f"a{suffix}", [review(user=f"u{number}", text="text " * 20) for number in range(n)])
    assert is_quick(path, reader)
    assert [(row[0], row[4]) for row in staged(path, reader)] == [(i + 1, f"u{i}") for i in range(n)]


@pytest.mark.parametrize("line", [b"", b"{}", b"{broken", b"\xff", review(rating=0), review(user=17), review(time="1")])
def test_a_file_with_an_odd_line_goes_the_careful_way(tmp_path: Path, line: bytes) -> None:
    reader = review_lines.reader("amazon_2023")
    assert not is_quick(write(tmp_path / "a.jsonl", [review(), line, review()]), reader)


def test_2018_goes_the_quick_way_and_ratings_do_not(tmp_path: Path) -> None:
    row = {"reviewerID": "u", "asin": "i", "overall": 4.0, "unixReviewTime": 1_500_000_000, "summary": "s"}
    path = write(tmp_path / "a.json", [json.dumps(row).encode()])
    reader = review_lines.reader("amazon_2018")
    assert is_quick(path, reader)
    assert staged(path, reader) == staged(path, reader._replace(quick=""))
    assert not review_lines.reader("ratings_csv").quick
