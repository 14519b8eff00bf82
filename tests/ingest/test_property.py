"""Any mixture of good, broken, blank and repeated lines: the same counts, reasons and rows as the plain rules give."""

from __future__ import annotations

import gzip
import json
from itertools import count
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from python_assets.ingest import ingest_file
from python_assets.warehouse import Warehouse
from tests.ingest.oracle import Content, Key, expect

FILE_NUMBERS = count()

# U+10FFFF is the reader's delimiter; it is no character (see lines.py).
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\U0010ffff")
ids = st.sampled_from(["u1", "u2", 'O\'Brien "x"', "'; drop table raw.reviews; --", "é\0\U0001f600", 17])
ODD_VALUES: list[object] = [
    *[None, "", " ", "\0", "five", True, False, [], [5], {}, {"$": 5}, "'; drop table raw.reviews; --", '"', "a\nb"],
    *["\U0001f600", "a\u2028b", "\x1f", " \u00a0x\u3000 ", "4.5", "1e0", "0x5", "5 ", "+5", "5.", "1_0", "NaN", "٣"],
    *["\t", "\r\n", "\tx \t\0", "\u2028x\u0085"],
    *[-1, 0, 6, 1.5, -0.0, 0.9999999, 5.0000001, 1e308, 10**30, float("nan"), float("inf"), -float("inf")],
    *[-1_500_000_000_000, 788_918_399, 788_918_400, 1_500_000_000.25, 4_102_444_799_999, 4_102_444_800_000, "1.5e12"],
    *[-(2**63) - 1, -(2**63), 2**63 - 1, 2**63, 2**64 - 1, 2**64],
]
odd_values = st.one_of(st.sampled_from(ODD_VALUES), st.integers(-(2**70), 2**70), st.floats())
times = st.sampled_from([1_500_000_000_000, 1_500_000_000_001, 1_500_000_000, 1_500_000_000.25, "1500000000"])
titles = st.one_of(st.none(), st.sampled_from(["a", "b"]), st.text(characters, max_size=5))
good = st.fixed_dictionaries(
    {"user_id": ids, "parent_asin": ids, "rating": st.sampled_from([1, 4.5, 5]), "timestamp": times},
    optional={"title": titles, "text": titles, "helpful_vote": st.integers(), "images": st.just([{"a": [1]}])},
)
spoiled = st.builds(
    lambda row, key, value: row | {key: value},
    good,
    st.sampled_from(["user_id", "parent_asin", "rating", "timestamp"]),
    odd_values,
)
pruned = st.builds(
    lambda row, key: {name: value for name, value in row.items() if name != key},
    good,
    st.sampled_from(["user_id", "parent_asin", "rating", "timestamp"]),
)
objects = st.one_of(good, good, good, spoiled, pruned)
json_lines = st.builds(lambda row, ascii: json.dumps(row, ensure_ascii=ascii).encode(), objects, st.booleans())
lines = st.one_of(
    json_lines,
    json_lines,
    json_lines.map(lambda line: line[:-3]),
    json_lines.map(lambda line: line[:12] + b"\xff" + line[12:]),
    st.sampled_from([b"", b"", b" \t", b"[1]", b"null", b'"text"', b"3", b"{}", b"\xff", b"\xed\xa0\x80", b"{}{}"]),
    st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")),
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file's bytes; the first line is good, so that there is something to read."""
    drawn = [draw(st.just(b'{"user_id":"u","parent_asin":"i","rating":1,"timestamp":1500000000}'))]
    drawn += draw(st.lists(lines, max_size=25))
    ends = [draw(st.sampled_from([b"\n", b"\n", b"\n", b"\r\n"])) for _ in drawn]
    data = b"".join(line + end for line, end in zip(drawn, ends, strict=True))
    return data if draw(st.booleans()) else data.rstrip(b"\r\n")


@pytest.fixture(scope="module")
def shared_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """One warehouse for all examples; each example has its own category and paths."""
    warehouse = Warehouse(tmp_path_factory.mktemp("property") / "warehouse.duckdb")
    warehouse.prepare()
    return warehouse


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contents=st.lists(files(), min_size=1, max_size=2), same_path=st.booleans(), zipped=st.booleans())
def test_a_file_leads_to_what_the_rules_say(
    shared_warehouse: Warehouse, contents: list[bytes], same_path: bool, zipped: bool
) -> None:
    number = next(FILE_NUMBERS)
    stored: dict[Key, Content] = {}
    earlier = b""
    for i, data in enumerate(contents):
        path = Path(shared_warehouse.path).with_name(f"{number}-{0 if same_path else i}.jsonl")
        path.write_bytes(gzip.compress(data, mtime=0) if zipped else data)
        report = ingest_file(shared_warehouse, path, category=str(number), kind="reviews", batch_id="b")
        assert report.skipped == (same_path and data == earlier)
        if report.skipped:
            continue
        expected = expect(data, stored)
        stored, earlier = expected.stored, data
        assert report[5:10] == (
            expected.n_read,
            expected.n_accepted,
            len(expected.rejected),
            expected.n_duplicate,
            expected.n_corrected,
        )
        with shared_warehouse.connect() as connection:
            assert _rejected(connection, path) == expected.rejected
            assert _reviews(connection, str(number)) == stored


@pytest.mark.parametrize("key", ["user_id", "parent_asin", "rating", "timestamp", "title", "text"])
def test_every_odd_value_in_every_field(warehouse: Warehouse, tmp_path: Path, key: str) -> None:
    good = {"user_id": "u", "parent_asin": "i", "rating": 5, "timestamp": 1_500_000_000_000}
    texts = [value for value in ODD_VALUES if isinstance(value, str) or value is None]
    values = texts if key in ("title", "text") else ODD_VALUES
    rows = [good, *(good | {"parent_asin": f"i{n}"} | {key: value} for n, value in enumerate(values))]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(json.dumps(row).encode() for row in rows))
    report, expected = (
        ingest_file(warehouse, path, category="C", kind="reviews", batch_id="b"),
        expect(path.read_bytes(), {}),
    )
    assert report[5:7] == expected[:2]
    with warehouse.connect() as connection:
        assert _rejected(connection, path) == expected.rejected
        assert _reviews(connection, "C") == expected.stored


def _rejected(connection: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[int, str]]:
    sql = "select line_number, reason from raw.rejected_rows where file = ? order by line_number"
    return [(number, reason) for number, reason in connection.execute(sql, [str(path)]).fetchall()]


def _reviews(connection: duckdb.DuckDBPyConnection, category: str) -> dict[Key, Content]:
    sql = "select user_id, item_id, epoch_us(reviewed_at), rating, title, text from raw.reviews where category = ?"
    rows = connection.execute(sql, [category]).fetchall()
    reviews = {(user, item, time): (rating, title, text) for user, item, time, rating, title, text in rows}
    assert len(reviews) == len(rows)
    return reviews
