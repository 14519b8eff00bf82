"""Every reason to refuse a line, with the line's true number."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from python_assets.ingest import lines as line_reader
from python_assets.warehouse import Warehouse
from tests.ingest.samples import MILLISECONDS, counts, ingest, rejected, review, without, write

NO_USER = "user id is missing, empty or not text"
NO_ITEM = "item id is missing, empty or not text"
NO_TIME = "timestamp is not between the years 1995 and 2100"

BAD = [
    (b"{broken", "not valid JSON"),
    (b"{'user_id': 'u'}", "not valid JSON"),
    (review()[:-1], "not valid JSON"),
    (review() + b"\x02", "not valid JSON"),
    (b"[1, 2]", "not a JSON object"),
    (b'"{}"', "not a JSON object"),
    (b"null", "not a JSON object"),
    (without(review(), "user_id"), NO_USER),
    (review(user=None), NO_USER),
    (review(user=" "), NO_USER),
    (review(user="\0"), NO_USER),
    (review(user=["u"]), NO_USER),
    (review(user=True), NO_USER),
    (without(review(), "parent_asin"), NO_ITEM),
    (review(item=""), NO_ITEM),
    (review(item={"a": "b"}), NO_ITEM),
    (without(review(), "rating"), "rating is missing"),
    (review(rating=None), "rating is missing"),
    (review(rating="five"), "rating is not a number"),
    (review(rating=[5]), "rating is not a number"),
    (review(rating=True), "rating is not a number"),
    (review(rating=float("nan")), "rating is not a number"),
    (review(rating=float("inf")), "rating is outside 1 to 5"),
    (review(rating=0), "rating is outside 1 to 5"),
    (review(rating=0.99), "rating is outside 1 to 5"),
    (review(rating=5.01), "rating is outside 1 to 5"),
    (without(review(), "timestamp"), "timestamp is missing"),
    (review(time="2017-07-14"), "timestamp is not a number"),
    (review(time=float("nan")), "timestamp is not a number"),
    (review(time=0), NO_TIME),
    (review(time=788_918_399), NO_TIME),
    (review(time=4_102_444_800_000), NO_TIME),
    (review(time=1.5e18), NO_TIME),
    (b'{"user_id": "\xff"}', "not valid UTF-8"),
    (b"\xff\xfe", "not valid UTF-8"),
    (b"\xed\xa0\x80", "not valid UTF-8"),
]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
@pytest.mark.parametrize("end", [b"", b"\r", b"mixed"])
def test_each_reason_with_its_line_number(tmp_path: Path, warehouse: Warehouse, suffix: str, end: bytes) -> None:
    lines, stored, refused = [b""], [], []
    for i, (bad, reason) in enumerate(BAD):
        stored.append((f"u{i:02}", len(lines) + 1))
        lines += [review(f"u{i:02}"), *[b"", b" \t"][: i % 3]]
        refused.append((len(lines) + 1, reason))
        lines += [bad, *[b""][: i % 2]]
    lines = [line + (b"\r" if end == b"\r" or (end and i % 2) else b"") for i, line in enumerate(lines)]
    report = ingest(warehouse, write(tmp_path / f"a{suffix}", lines))
    assert counts(report) == (2 * len(BAD), len(BAD), len(BAD), 0, 0)
    assert rejected(warehouse) == refused
    assert warehouse.rows("select user_id, line_number from raw.reviews order by all") == stored


def test_a_byte_order_mark_is_passed_over(tmp_path: Path, warehouse: Warehouse) -> None:
    for name in ("a.jsonl", "b.jsonl.gz"):
        report = ingest(warehouse, write(tmp_path / name, [b"\xef\xbb\xbf" + review(name), b"x"]))
        assert counts(report) == (2, 1, 1, 0, 0)


def test_an_excerpt_shows_the_line_and_is_short(tmp_path: Path, warehouse: Warehouse) -> None:
    long = b'{"text": "' + "é".encode() * 5_000
    ingest(warehouse, write(tmp_path / "a.jsonl", [review(), b"{broken 7", long, b"", b"abc\xff" + b"d" * 5_000]))
    excerpts = [row[0] for row in warehouse.rows("select excerpt from raw.rejected_rows order by line_number")]
    assert excerpts[0] == "{broken 7"
    assert excerpts[1] == long.decode()[:200]
    assert excerpts[2].startswith("abc")
    assert max(map(len, excerpts)) == 200


def test_a_line_past_the_limit_is_refused_and_the_next_ones_are_read(tmp_path: Path, warehouse: Warehouse) -> None:
    huge = review("huge", text="x" * (line_reader.MAX_LINE_MIB << 20))
    report = ingest(warehouse, write(tmp_path / "a.jsonl.gz", [review("u1"), huge, b"\xff", review("u2")]))
    assert counts(report) == (4, 2, 2, 0, 0)
    assert rejected(warehouse) == [(2, "longer than 32 MiB"), (3, "not valid UTF-8")]
    assert warehouse.rows("select user_id, line_number from raw.reviews order by all") == [("u1", 1), ("u2", 4)]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_line_numbers_hold_past_one_read_buffer(tmp_path: Path, warehouse: Warehouse, suffix: str) -> None:
    draw = random.Random(7)
    lines, expected = [], []
    for number in range(1, 9_001):
        kind = draw.choices(["good", "blank", "bytes", "json"], [85, 5, 5, 5])[0] if number > 1 else "good"
        good = review(f"u{number}", text="lorem ipsum " * draw.randrange(2, 900))
        lines.append({"good": good, "blank": b"", "bytes": b"%d\xff" % number, "json": b"{%d" % number}[kind])
        if kind in ("bytes", "json"):
            expected.append((number, "not valid UTF-8" if kind == "bytes" else "not valid JSON"))
    assert sum(map(len, lines)) > line_reader.MAX_LINE_MIB << 20
    ingest(warehouse, write(tmp_path / f"a{suffix}", lines))
    assert rejected(warehouse) == expected
    assert warehouse.rows("select count(*) from raw.reviews where user_id <> 'u' || line_number") == [(0,)]


def test_seconds_and_milliseconds_are_told_apart(tmp_path: Path, warehouse: Warehouse) -> None:
    lines = [
        review("milliseconds", time=MILLISECONDS + 557),
        review("fraction", time=MILLISECONDS + 0.25),
        review("seconds", time=MILLISECONDS // 1000),
        review("text", time=str(MILLISECONDS)),
        review("earliest", time=788_918_400),
        review("latest", time=4_102_444_799_999),
    ]
    assert ingest(warehouse, write(tmp_path / "a.jsonl", lines)).n_accepted == 6
    assert dict(warehouse.rows("select user_id, reviewed_at::varchar from raw.reviews")) == {
        "milliseconds": "2017-07-14 02:40:00.557",
        "fraction": "2017-07-14 02:40:00.00025",
        "seconds": "2017-07-14 02:40:00",
        "text": "2017-07-14 02:40:00",
        "earliest": "1995-01-01 00:00:00",
        "latest": "2099-12-31 23:59:59.999",
    }


def test_a_changed_file_replaces_its_rejected_lines(tmp_path: Path, warehouse: Warehouse) -> None:
    path = write(tmp_path / "a.jsonl", [review("u1"), b"x", b"y"])
    other = write(tmp_path / "other.jsonl", [review("u3"), b"z"])
    ingest(warehouse, path)
    ingest(warehouse, other)
    ingest(warehouse, write(path, [b"", review("u1"), review("u2"), b"y"]), batch_id="b2")
    rows = warehouse.rows("select file, line_number, excerpt, batch_id from raw.rejected_rows order by all")
    assert rows == [(str(path), 4, "y", "b2"), (str(other), 2, "z", "b1")]


def test_ids_too_long_to_keep_whole_are_refused_not_cut(tmp_path: Path, warehouse: Warehouse) -> None:
    long = "x" * 100_000
    lines = [review(long), review(long + "1"), review(long + "2"), review(item=long + "1")]
    report = ingest(warehouse, write(tmp_path / "a.jsonl", lines))
    assert counts(report) == (4, 1, 3, 0, 0)
    assert rejected(warehouse) == [
        (2, "user id is longer than 100,000 bytes"),
        (3, "user id is longer than 100,000 bytes"),
        (4, "item id is longer than 100,000 bytes"),
    ]
