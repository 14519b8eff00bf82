"""Take files out again, as if they had never been read.

A review that another file holds too stays, in that file's version. Which file holds what is not on record, so the tables
of a category that shared a key between files are built anew from the files that remain, in the order of the ledger,
in a warehouse beside the real one; one transaction then puts them in place. Where no two files shared a key, the rows of
the file are deleted and nothing is read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from python_assets.ingest.errors import IngestError, write_errors
from python_assets.ingest.formats import Kind, detect_format
from python_assets.ingest.load import ingest_file
from python_assets.ingest.merge import TABLES
from python_assets.ingest.sources import SourceFile
from python_assets.ingest.uses import Use, other_uses
from python_assets.warehouse import Warehouse
from python_assets.warehouse.turn import Work


class Withdrawal(NamedTuple):
    """What a withdrawal changed."""

    n_reviews: int
    """Reviews that are gone; those that another file holds too are not among them."""
    n_items: int
    """Items that are gone."""
    read_again: list[Path]
    """Remaining files that were read to find out what they hold."""
    out_already: list[Path]
    """Files that an earlier withdrawal took out."""

    def in_words(self) -> str:
        """What happened, as `ingest` tells it."""
        numbers = {"review": self.n_reviews, "item": self.n_items, "remaining file": len(self.read_again)}
        reviews, items, files = (f"{n:,} {name}{'' if n == 1 else 's'}" for name, n in numbers.items())
        said = [f"{path} is withdrawn already" for path in self.out_already]
        if not said or any(numbers.values()):
            said.append(f"withdrawn: {reviews} and {items} taken out, {files} read again")
        return "; ".join(said)


class _Entry(NamedTuple):
    """A file of the ledger, and one category that it was read for."""

    path: str
    kind: Kind
    category: str
    format: str
    sha256: str
    n_accepted: int
    is_plain: bool
    """Whether each accepted line was a new row, and no line a duplicate."""


class _Slice(NamedTuple):
    """The reviews or the items of one category."""

    kind: Kind
    category: str


_LEDGER = """
    select path, kind, category, format, sha256, n_accepted, n_duplicate = 0 and n_corrected = 0
    from raw.ingested_files
    order by ingested_at, path, kind, category
"""


def withdraw_files(
    warehouse: Warehouse, paths: Collection[Path], *, batch_id: str, named: Collection[SourceFile] = ()
) -> Withdrawal:
    """Take the rows of some files out of the schema ``raw``.

    Afterwards it holds what reading only the remaining files, as they are now, in the order in which they were last
    read, leads to. It can be repeated: what is out already stays out.

    Args:
        warehouse: Where they are.
        paths: Absolute paths, as in ``raw.ingested_files``.
        batch_id: Names the ingest run in rows that are written anew.
        named: What the study reads, which stays: of one of these files only what it was read for otherwise is taken out.

    Returns:
        What is gone, and which files had to be read for it.

    Raises:
        IngestError: A file was never read, or a remaining one that may hold the same rows cannot be read now; nothing
            was changed.
    """
    gone = {str(path) for path in paths}
    ledger = _ledger(warehouse)
    not_in = gone - {entry.path for entry in ledger}
    out_already = not_in & {path for (path,) in warehouse.rows("select path from raw.withdrawn_files")}
    if unknown := sorted(not_in - out_already):
        raise IngestError(
            f"{unknown[0]} was never ingested: `persona-fidelity status` lists the files whose rows are in."
        )
    gone -= out_already
    leaving = other_uses(warehouse, gone, named) if gone else set()
    beside = f".{warehouse.path.stem}-withdraw-"
    with (
        write_errors("The withdrawal"),
        tempfile.TemporaryDirectory(prefix=beside, dir=warehouse.path.parent) as folder,
    ):
        rebuilt: dict[_Slice, Warehouse | None] = {}
        read_again: list[Path] = []
        for number, part in enumerate(sorted({_Slice(use.kind, use.category) for use in leaving})):
            remaining = _remaining(warehouse, ledger, part, leaving)
            if _is_disjoint(warehouse, ledger, part):
                rebuilt[part] = None
                continue
            rebuilt[part] = _build_anew(Path(folder) / f"{number}.duckdb", remaining, part, batch_id=batch_id)
            read_again += [Path(entry.path) for entry in remaining]
        n_reviews, n_items = (
            _replace(warehouse, rebuilt, leaving=leaving, ledger=ledger, batch_id=batch_id) if leaving else (0, 0)
        )
    return Withdrawal(n_reviews, n_items, read_again, sorted(map(Path, out_already)))


def _ledger(warehouse: Warehouse) -> list[_Entry]:
    return [_Entry(*row) for row in warehouse.rows(_LEDGER)]


def _remaining(warehouse: Warehouse, ledger: Sequence[_Entry], part: _Slice, leaving: set[Use]) -> list[_Entry]:
    listed = [entry for entry in ledger if entry[1:3] == part]
    rows = warehouse.rows(f"select distinct file from {TABLES[part.kind]} where category = ?", [part.category])
    unlisted = sorted({file for (file,) in rows} - {entry.path for entry in listed})
    all_entries = [_Entry(file, *part, "auto", "", 0, False) for file in unlisted] + listed
    return [entry for entry in all_entries if Use(entry.path, *part) not in leaving]


def _is_disjoint(warehouse: Warehouse, ledger: Sequence[_Entry], part: _Slice) -> bool:
    """Whether every row comes from the one file that holds its key, in that file's latest version."""
    listed = [entry for entry in ledger if entry[1:3] == part]
    sql = f"select file, count(*) from {TABLES[part.kind]} where category = ? group by file"
    n_rows = dict(warehouse.rows(sql, [part.category]))
    wanted = {entry.path: entry.n_accepted for entry in listed if entry.n_accepted}
    return all(entry.is_plain for entry in listed) and n_rows == wanted


def _build_anew(target: Path, remaining: Sequence[_Entry], part: _Slice, *, batch_id: str) -> Warehouse:
    scratch = Warehouse(target)
    scratch.prepare()
    for entry in remaining:
        path = Path(entry.path)
        if not path.exists():
            raise IngestError(
                f"{entry.path} is gone, but it may hold {part.kind} that the withdrawn file holds too: "
                "put it back, or withdraw it as well."
            )
        # It may have another layout by now; one that its lines do not show was declared, and holds.
        layout = "auto" if detect_format(path) else entry.format
        ingest_file(scratch, path, category=part.category, kind=part.kind, format=layout, batch_id=batch_id)
    return scratch


def _replace(
    warehouse: Warehouse,
    rebuilt: dict[_Slice, Warehouse | None],
    *,
    leaving: set[Use],
    ledger: Sequence[_Entry],
    batch_id: str,
) -> tuple[int, int]:
    """Returns how many reviews and how many items the tables have less."""
    files = sorted({use.path for use in leaving})

    def replace(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
        if [_Entry(*row) for row in connection.execute(_LEDGER).fetchall()] != ledger:
            raise IngestError("Other files were ingested meanwhile: run the same command again.")
        before = _sizes(connection)
        for part, scratch in rebuilt.items():
            if scratch is None:
                sql = f"delete from {TABLES[part.kind]} where category = ? and list_contains(?, file)"
                connection.execute(sql, [part.category, [use.path for use in leaving if use[1:] == part]])
            else:
                listed = [entry.path for entry in ledger if entry[1:3] == part and Use(*entry[:3]) not in leaving]
                _copy(connection, scratch, part, listed=listed)
        uses = [list(use) for use in leaving]
        connection.execute("delete from raw.ingested_files where list_contains(?, [path, kind, category])", [uses])
        # A file that stays for something else keeps its rejected lines, which are those of that reading, too.
        stays = "(select path from raw.ingested_files)"
        connection.execute(
            f"delete from raw.rejected_rows where list_contains(?, file) and file not in {stays}", [files]
        )
        connection.execute("delete from raw.withdrawn_files where list_contains(?, path)", [files])
        out = f"from (select unnest(?) as path, ? as batch_id) where path not in {stays}"
        connection.execute(f"insert into raw.withdrawn_files {out}", [files, batch_id])
        after = _sizes(connection)
        return before[0] - after[0], before[1] - after[1]

    return warehouse.write(replace, work=Work.FILES)


def _copy(connection: duckdb.DuckDBPyConnection, scratch: Warehouse, part: _Slice, *, listed: list[str]) -> None:
    table = TABLES[part.kind]
    connection.execute(f"delete from {table} where category = ?", [part.category])
    entries = "from raw.ingested_files where kind = $kind and category = $category and list_contains($listed, path)"
    use = {"kind": part.kind, "category": part.category, "listed": listed}
    connection.execute(f"delete {entries}", use)
    connection.execute("delete from raw.rejected_rows where list_contains(?, file)", [listed])
    with scratch.connect() as source:
        for target, rows in (
            (table, table),
            ("raw.ingested_files", "raw.ingested_files where list_contains($listed, path)"),
            # Files whose latest version was read for other categories: the batch of their rows here stays on record.
            ("raw.earlier_readings", "raw.ingested_files where not list_contains($listed, path)"),
            ("raw.rejected_rows", "raw.rejected_rows where list_contains($listed, file)"),
        ):
            parameters = {"listed": listed} if "$listed" in rows else None
            # In batches: a category's reviews need not fit into memory.
            incoming = source.execute(f"from {rows}", parameters).to_arrow_reader(100_000)
            connection.register("incoming", incoming)
            connection.execute(f"insert into {target} by name select * from incoming")
            connection.unregister("incoming")
    # As when a file is read: what an earlier version led to in another category does not fit the rejected lines any more.
    version = "path, kind, format, sha256, n_rejected"
    replaced = f"""
        from raw.ingested_files
        where list_contains($listed, path) and ({version}) not in (select ({version}) {entries})
    """
    connection.execute(f"insert into raw.earlier_readings by name select * {replaced}", use)
    connection.execute(f"delete {replaced}", use)


def _sizes(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = connection.execute("select (select count(*) from raw.reviews), (select count(*) from raw.items)").fetchone()
    return row or (0, 0)
