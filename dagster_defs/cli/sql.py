"""`sql`: questions to the warehouse, read-only."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import duckdb

from dagster_defs.cli.options import chosen_warehouse, warehouse_option
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError, first_line

READING = {duckdb.StatementType.SELECT, duckdb.StatementType.PRAGMA}
# Functions of a lake and of its catalogue that change something and could be asked with `select`, and the one that runs
# whatever text it is given.
WRITES = re.compile(
    r"\bquery\"?\s*\(|\b(postgres_(query|execute|attach)|ducklake_(?!snapshots|table_info|table_insertions|table_deletions|table_changes"
    r"|list_files|options|last_committed_snapshot|current_snapshot)\w+)",
    re.IGNORECASE,
)
COPY_OPTIONS = {"csv": "format csv, header true", "json": "format json, array true"}
# DuckDB writes numbers that JSON does not know; what stands between quotation marks is a text.
TEXT_OR_NO_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)')
SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*", re.IGNORECASE)
"""DuckDB lists those of one schema, in which a warehouse has none."""
ALL_TABLES = """
    select schema_name || '.' || table_name as name from duckdb_tables() where database_name = current_database() and not internal
    union all
    select schema_name || '.' || view_name from duckdb_views() where database_name = current_database() and not internal
    order by name
"""
COMMENT = re.compile(r"--[^\n]*\n|--\s")
WIDE = 1_000_000
"""Characters of a line: where no terminal shows it, nothing is cut."""


class QueryCommand(click.Command):
    """Takes a query that begins with a comment, as those of docs/warehouse.md do, for a query: `--` begins an option, too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options and query."""
        return super().parse_args(ctx, [f" {arg}" if COMMENT.match(arg) else arg for arg in args])


@click.command(cls=QueryCommand)
@click.argument("query")
@click.option("--format", "format_", type=click.Choice(["table", *COPY_OPTIONS]), default="table", show_default=True)
@warehouse_option
def sql(query: str, format_: str, warehouse: str | None) -> None:
    """Ask the warehouse, read-only: persona-fidelity sql "from results.fidelity".

    Its tables are listed by persona-fidelity sql "show tables"; a table's columns: persona-fidelity sql "describe results.fidelity".
    """
    target = chosen_warehouse(warehouse)
    if SHOW_TABLES.fullmatch(query):
        query = ALL_TABLES
    if format_ == "table":
        click.echo(table_text(target, query, cut=sys.stdout.isatty()))
        return
    with TemporaryDirectory(prefix="persona-fidelity-") as folder:
        path = Path(folder, f"answer.{format_}")
        write_answer(target, query, path, format_)
        with path.open("rb") as answer:
            out = click.get_binary_stream("stdout")
            if format_ == "json":
                for line in answer:
                    out.write(with_nulls(line))
            else:
                shutil.copyfileobj(answer, out)
            # DuckDB ends an empty list of JSON without one.
            answer.seek(-1, os.SEEK_END)
            click.echo(nl=answer.read() != b"\n")


def with_nulls(line: bytes) -> bytes:
    """A line of JSON with null for numbers that are none, or infinite."""
    if b"NaN" not in line and b"Infinity" not in line:
        return line
    return TEXT_OR_NO_NUMBER.sub(lambda found: found[0] if found[0].startswith(b'"') else b"null", line)


def table_text(target: Warehouse, query: str, *, cut: bool = True) -> str:
    """The first rows, as DuckDB draws them.

    Args:
        target: The warehouse.
        query: Whatever gives rows.
        cut: To the width of a terminal; otherwise every value and column is there.
    """
    with _refusals(), target.connect() as connection:
        target.seal(connection)
        answer = _asked(connection, query)
        if cut:
            return str(answer)
        with redirect_stdout(io.StringIO()) as table:
            answer.show(max_width=WIDE, max_col_width=WIDE)
        return table.getvalue().rstrip("\n")


def write_answer(target: Warehouse, query: str, path: Path, format_: str) -> None:
    """All rows, of any number, into a file: a pager that takes its time does not keep writers from the warehouse.

    Args:
        target: The warehouse.
        query: Whatever gives rows.
        path: The file, made anew.
        format_: A key of ``COPY_OPTIONS``.

    Raises:
        WarehouseError: The query is wrong, wants to write, or the file has no room.
    """
    with _refusals(), target.connect() as connection:
        target.seal(connection, but=path)
        # The path is our own; COPY takes no parameter there.
        name = str(path).replace("'", "''")
        copy = f"copy (from answer) to '{name}' ({COPY_OPTIONS[format_]}, use_tmp_file false)"
        answer = _asked(connection, query)
        try:
            answer.query("answer", copy)
        except duckdb.IOException as error:
            if str(path) not in str(error):
                raise
            raise WarehouseError(
                f"The answer cannot be put aside in {path.parent.parent} ({first_line(error).rpartition(': ')[2]}): make room there, or "
                "set TMPDIR to another folder."
            ) from error


def _asked(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation:
    # Looked at beforehand: a lake's own files are within reach of whatever writes, though it is open for reading only.
    statements = connection.extract_statements(query)
    if not all(map(_only_reads, statements)) or WRITES.search(query):
        raise WarehouseError("The query cannot be answered: `sql` reads only, so ask with `select` or `from`.")
    if sum(bool(statement.query.strip()) for statement in statements) > 1:
        # DuckDB gives the answer of the last one alone.
        raise WarehouseError("These are several queries, and each has an answer of its own: ask one at a time.")
    answer: duckdb.DuckDBPyRelation | None = connection.sql(query)
    if answer is None:
        raise WarehouseError("That statement gives no rows; `sql` reads only: ask with `select` or `from`.")
    return answer


def _only_reads(statement: duckdb.Statement) -> bool:
    if statement.type == duckdb.StatementType.EXPLAIN:
        # Otherwise it runs what it explains.
        return "analyze" not in statement.query.lower()
    # DuckDB makes a temporary type of the names that a `pivot` finds, in a statement without a text.
    is_of_a_pivot = statement.type == duckdb.StatementType.CREATE and not statement.query
    return statement.type in READING or is_of_a_pivot


@contextmanager
def _refusals() -> Iterator[None]:
    # Around the connection: what is the warehouse's own trouble, and not the query's, is told there.
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(f"The query cannot be answered: {' '.join(str(error).split())[:500]}") from error
