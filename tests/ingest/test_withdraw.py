"""A withdrawn file leaves what the other files alone lead to."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from python_assets.ingest import IngestError, SourceFile, ledger, missing_files, withdraw, withdraw_files
from python_assets.warehouse import Warehouse
from tests.ingest.samples import ingest, review, write

REVIEWS = "select * exclude (batch_id) from raw.reviews order by all"
ITEMS = "select * exclude (batch_id) from raw.items order by all"
REJECTED = "select * exclude (batch_id) from raw.rejected_rows order by all"
LEDGER = "select * exclude (batch_id, ingested_at) from raw.ingested_files order by all"


def item(name: str, title: str) -> bytes:
    return b'{"main_category": "C", "parent_asin": "%s", "title": "%s"}' % (name.encode(), title.encode())


def state(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in ``raw``, but for which run wrote it when."""
    return {sql: warehouse.rows(sql) for sql in (REVIEWS, ITEMS, REJECTED, LEDGER)}


def from_scratch(folder: Path, uses: list[tuple[Path, dict[str, str]]]) -> dict[str, list[tuple[Any, ...]]]:
    """The state that reading these files into an empty warehouse leads to."""
    other = Warehouse(folder / "scratch.duckdb")
    other.path.unlink(missing_ok=True)
    other.prepare()
    for path, use in uses:
        ingest(other, path, **use)
    return state(other)


def test_what_only_the_file_held_goes_and_the_rest_stays_as_it_is(tmp_path: Path, warehouse: Warehouse) -> None:
    one = write(tmp_path / "one.jsonl", [review("u1"), review("u2"), b"broken"])
    two = write(tmp_path / "two.jsonl.gz", [review("u3"), b"broken too"])
    ingest(warehouse, one)
    ingest(warehouse, two)
    one.unlink()
    assert missing_files(warehouse) == [one]
    done = withdraw_files(warehouse, [one], batch_id="b2")
    assert done == (2, 0, [], [])
    assert state(warehouse) == from_scratch(tmp_path, [(two, {})])
    assert warehouse.rows("select distinct batch_id from raw.reviews") == [("b1",)]


@pytest.mark.parametrize("first_goes", [True, False])
def test_a_review_that_another_file_holds_stays_in_that_version(
    tmp_path: Path, warehouse: Warehouse, first_goes: bool
) -> None:
    old = write(tmp_path / "old.jsonl", [review("u0"), review("u1", rating=5), review("both")])
    new = write(tmp_path / "new.jsonl", [review("u1", rating=2), review("both")])
    for path in (old, new):
        ingest(warehouse, path)
    goes, stays = (old, new) if first_goes else (new, old)
    goes.unlink()
    done = withdraw_files(warehouse, [goes], batch_id="b2")
    assert done == (1 if first_goes else 0, 0, [stays], [])
    rating = 2.0 if first_goes else 5.0
    assert warehouse.rows("select rating, file from raw.reviews where user_id = 'u1'") == [(rating, str(stays))]
    assert state(warehouse) == from_scratch(tmp_path, [(stays, {})])


def test_the_file_that_was_read_last_counts_though_the_clock_was_set_back_before_it(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes, old, new = (write(tmp_path / name, [review(rating=n)]) for n, name in enumerate(("goes", "old", "new"), 1))
    now = datetime.now(UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now

    monkeypatch.setattr(ledger, "datetime", Clock)
    for path in (goes, old, new):
        ingest(warehouse, path)
        now -= timedelta(hours=1)
    goes.unlink()
    withdraw_files(warehouse, [goes], batch_id="b2")
    assert warehouse.rows("select rating, file from raw.reviews") == [(3.0, str(new))]


@pytest.mark.parametrize("shared", [True, False])
def test_a_file_that_comes_meanwhile_stops_the_withdrawal(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    one = write(tmp_path / "one.jsonl", [review("u1"), review("both")])
    two = write(tmp_path / "two.jsonl", [review("u2"), *([review("both")] if shared else [])])
    late = write(tmp_path / "late.jsonl", [review("u3")])
    for path in (one, two):
        ingest(warehouse, path)
    replace = withdraw._replace

    def interrupted(*args: Any, **options: Any) -> tuple[int, int]:
        ingest(warehouse, late)
        return replace(*args, **options)

    monkeypatch.setattr(withdraw, "_replace", interrupted)
    with pytest.raises(IngestError, match="Other files were ingested meanwhile: run the same command again"):
        withdraw_files(warehouse, [one], batch_id="b2")
    assert state(warehouse) == from_scratch(tmp_path, [(one, {}), (two, {}), (late, {})])
    monkeypatch.setattr(withdraw, "_replace", replace)
    withdraw_files(warehouse, [one], batch_id="b2")
    assert state(warehouse) == from_scratch(tmp_path, [(two, {}), (late, {})])


def test_other_categories_are_not_touched(tmp_path: Path, warehouse: Warehouse) -> None:
    one = write(tmp_path / "one.jsonl", [review(), review()])
    two = write(tmp_path / "two.jsonl", [review()])
    ingest(warehouse, one)
    ingest(warehouse, two, category="D")
    before = warehouse.rows("from raw.reviews where category = 'D'")
    assert withdraw_files(warehouse, [one], batch_id="b2") == (1, 0, [], [])
    assert warehouse.rows("from raw.reviews") == before


def test_a_file_that_served_two_categories_leaves_both(tmp_path: Path, warehouse: Warehouse) -> None:
    one = write(tmp_path / "one.jsonl", [review("u1")])
    two = write(tmp_path / "two.jsonl", [review("u2")])
    ingest(warehouse, one)
    ingest(warehouse, two)
    ingest(warehouse, one, category="D")
    withdraw_files(warehouse, [two], batch_id="b2")
    assert warehouse.rows("select category, user_id from raw.reviews order by all") == [("C", "u1"), ("D", "u1")]
    withdraw_files(warehouse, [one], batch_id="b3")
    assert warehouse.rows("select count(*) from raw.reviews") == [(0,)]


@pytest.mark.parametrize("changes", [False, True])
def test_a_remaining_file_of_two_categories_keeps_what_holds_of_both(
    tmp_path: Path, warehouse: Warehouse, changes: bool
) -> None:
    goes, stays = (write(tmp_path / name, [review("both"), review(name), b"x"]) for name in ("goes", "stays"))
    for path, category in ((goes, "C"), (stays, "C"), (stays, "D")):
        ingest(warehouse, path, category=category)
    if changes:
        write(stays, [review("both"), b"x", b"y"])
    withdraw_files(warehouse, [goes], batch_id="b2")
    entries = warehouse.rows("select path, category, n_rejected from raw.ingested_files order by all")
    assert entries == ([(str(stays), "C", 2)] if changes else [(str(stays), "C", 1), (str(stays), "D", 1)])
    assert warehouse.rows("select count(*) from raw.rejected_rows") == [(2 if changes else 1,)]
    assert warehouse.rows("select distinct file from raw.reviews") == [(str(stays),)]
    ingest(warehouse, stays, category="D")
    assert [ingest(warehouse, stays, category=name).skipped for name in "CD"] == [True, True]
    stays.unlink()
    assert missing_files(warehouse) == [stays]
    withdraw_files(warehouse, [stays], batch_id="b3")
    assert not any(state(warehouse).values())


@pytest.mark.parametrize("read_again", [False, True])
def test_the_batch_of_every_row_stays_on_record(tmp_path: Path, warehouse: Warehouse, read_again: bool) -> None:
    """Of a remaining file's rows in another category, too, and where its changed version was read only for that."""
    goes, stays = (write(tmp_path / name, [review("both"), review(name)]) for name in ("goes", "stays"))
    for path, category in ((goes, "C"), (stays, "C"), (stays, "D")):
        ingest(warehouse, path, category=category, batch_id=f"{path.name} for {category}")
    write(stays, [review("both"), review("new")])
    if read_again:
        ingest(warehouse, stays, category="D", batch_id="changed for D")
    withdraw_files(warehouse, [goes], batch_id="withdrawal")
    traced = """
        select reviews.category, user_id, readings.batch_id
        from raw.reviews
        left join (from raw.ingested_files union all by name from raw.earlier_readings) as readings
            on file = path and reviews.category = readings.category and reviews.batch_id = readings.batch_id
        order by all
    """
    first = "stays for D"
    newest = [("D", "new", "changed for D")] if read_again else []
    rebuilt = [("C", "both", "withdrawal"), ("C", "new", "withdrawal")]
    assert warehouse.rows(traced) == [*rebuilt, ("D", "both", first), *newest, ("D", "stays", first)]


def test_a_file_that_was_never_read_is_named(tmp_path: Path, warehouse: Warehouse) -> None:
    with pytest.raises(IngestError, match=r"none\.jsonl was never ingested"):
        withdraw_files(warehouse, [tmp_path / "none.jsonl"], batch_id="b2")


def test_a_withdrawal_can_be_repeated(tmp_path: Path, warehouse: Warehouse) -> None:
    one, two = (write(tmp_path / f"{name}.jsonl", [review(name)]) for name in ("one", "two"))
    for path in (one, two):
        ingest(warehouse, path)
    assert withdraw_files(warehouse, [one], batch_id="b2").out_already == []
    before = state(warehouse)
    assert withdraw_files(warehouse, [one], batch_id="b3") == (0, 0, [], [one])
    assert state(warehouse) == before
    assert withdraw_files(warehouse, [one, two], batch_id="b4") == (1, 0, [], [one])
    ingest(warehouse, one)
    assert withdraw_files(warehouse, [one], batch_id="b5") == (1, 0, [], [])


def test_nothing_is_withdrawn_while_a_file_that_may_hold_the_same_is_gone(tmp_path: Path, warehouse: Warehouse) -> None:
    one, two = (write(tmp_path / name, [review()]) for name in ("one.jsonl", "two.jsonl"))
    for path in (one, two):
        ingest(warehouse, path)
        path.unlink()
    before = state(warehouse)
    with pytest.raises(IngestError, match=r"two\.jsonl is gone, but it may hold reviews .* withdraw it as well"):
        withdraw_files(warehouse, [one], batch_id="b2")
    assert state(warehouse) == before
    assert withdraw_files(warehouse, [one, two], batch_id="b2") == (1, 0, [], [])
    assert not any(state(warehouse).values())
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse.duckdb"]


@pytest.mark.parametrize("layout", ["auto", "amazon_2023"])
def test_a_remaining_file_is_read_in_the_layout_that_it_has_now(
    tmp_path: Path, warehouse: Warehouse, layout: str
) -> None:
    one, two = (write(tmp_path / name, [review(), review("u2")]) for name in ("one", "two"))
    for path in (one, two):
        ingest(warehouse, path, format=layout)
    table = [b"user_id,parent_asin,rating,timestamp", b"u1,i1,4.0,1500000000000"]
    # Lines that show no layout: only a declared one makes them readable.
    write(two, table if layout == "auto" else [b"{}"])
    withdraw_files(warehouse, [one], batch_id="b2")
    assert state(warehouse) == from_scratch(tmp_path, [(two, {"format": layout})])


def part(rows: dict[str, list[tuple[Any, ...]]], kind: str, category: str) -> tuple[list[tuple[Any, ...]], ...]:
    """The rows, the ledger and the rejected lines of one category's reviews or items."""
    ledger = [row for row in rows[LEDGER] if (row[1], row[2]) == (kind, category)]
    rejected = [row for row in rows[REJECTED] if row[0] in {entry[0] for entry in ledger}]
    return [row for row in rows[REVIEWS if kind == "reviews" else ITEMS] if row[0] == category], ledger, rejected


PARTS = [(kind, category) for kind in ("reviews", "items") for category in "CD"]


@pytest.mark.parametrize("seed", range(5))
def test_any_sequence_equals_reading_the_remaining_files_from_scratch(
    tmp_path: Path, warehouse: Warehouse, seed: int
) -> None:
    """Row for row in the categories that a withdrawal touches; the others stay as they were."""
    draw = random.Random(seed)
    uses: dict[Path, dict[str, str]] = {}
    kinds = ["reviews"] * 4 + ["items"] if seed % 2 else ["items"] * 3 + ["reviews"]

    def contents(number: int, kind: str) -> list[bytes]:
        def key() -> str:
            return f"k{draw.randrange(6)}" if seed % 4 else f"k{number}-{draw.randrange(10**9)}"

        if kind == "items":
            return [item(key(), "t" * draw.randrange(4)) for _ in range(draw.randrange(1, 7))]
        good = [review(key(), rating=draw.randrange(1, 4)) for _ in range(draw.randrange(1, 7))]
        return good + [b"x"] * draw.randrange(3)

    for number in range(11):
        action = draw.choice(["add", "change", "withdraw"]) if len(uses) > 3 else draw.choice(["add", "add", "change"])
        action = action if uses else "add"
        if action == "withdraw":
            goes = draw.sample(sorted(uses), k=draw.choice([1, 1, 2]))
            touched = {(uses[path]["kind"], uses[path]["category"]) for path in goes}
            before = state(warehouse)
            for path in goes:
                path.unlink()
                del uses[path]
            withdraw_files(warehouse, goes, batch_id=f"b{number}")
            after, scratch = state(warehouse), from_scratch(tmp_path, list(uses.items()))
            for which in PARTS:
                assert part(after, *which) == part(scratch if which in touched else before, *which)
            continue
        path = draw.choice(sorted(uses)) if action == "change" else tmp_path / f"{draw.randrange(10**6)}.jsonl"
        use = uses.get(path) or {"category": draw.choice("CCCCD"), "kind": draw.choice(kinds)}
        report = ingest(warehouse, write(path, contents(number, use["kind"])), **use, batch_id=f"b{number}")
        assert report.n_read == report.n_accepted + report.n_rejected + report.n_duplicate
        if not report.skipped:
            uses.pop(path, None)
            uses[path] = use


def test_a_file_that_is_still_named_leaves_only_what_it_is_not_named_for(tmp_path: Path, warehouse: Warehouse) -> None:
    """Though it was not read yet for what it is named for now: it is in no category then, and not known as broken."""
    moved, other = (write(tmp_path / name, [review(name), b"broken"]) for name in ("moved", "other"))
    for path in (moved, other):
        ingest(warehouse, path)
    named = [SourceFile(moved, "D", "reviews", "auto"), SourceFile(other, "C", "reviews", "auto")]
    assert withdraw_files(warehouse, [moved], batch_id="b2", named=named) == (1, 0, [], [])
    assert state(warehouse) == from_scratch(tmp_path, [(other, {})])
    assert withdraw_files(warehouse, [moved, other], batch_id="b3", named=named) == (0, 0, [], [moved])
    assert state(warehouse) == from_scratch(tmp_path, [(other, {})])
