"""Short-lived connections to the DuckDB warehouse, and one way to write: replace a slice.

One process with a read-write connection keeps every other process out, so nothing here holds a
connection across training or LLM calls, and opening waits its turn with a growing, jittered pause.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from python_assets.warehouse.columns import columns
from python_assets.warehouse.file_errors import (
    NoWarehouseError,
    WarehouseError,
    holder,
    is_conflict,
    is_in_use,
    why_closed,
    why_unusable,
)
from python_assets.warehouse.layout import take_over
from python_assets.warehouse.memory import bound_memory
from python_assets.warehouse.spill import remove_leftovers
from python_assets.warehouse.tables import make_room, table_statements
from python_assets.warehouse.turn import WAIT_VARIABLE, Turn, Work, wait_setting

# Strings take less room and less time to write than in DuckDB's default, which 1.0 could still read (docs/growth.md).
STORAGE_VERSION = "v1.4.0"
# With a quarter of the commits in conflict, as measured with two writers of one table, ten failures in a row are no accident.
MAX_ATTEMPTS = 10

Result = TypeVar("Result")


class Warehouse:
    """One DuckDB file.

    Args:
        path: The file; it is made on the first write. The report and scratch files go beside it.
        wait_seconds: How long to wait for another process to let go of the file; PERSONA_FIDELITY_WAIT, else 120.
        on_wait: Told once, after a few seconds, who is waited for; standard error when not given.
    """

    def __init__(
        self, path: Path | str, *, wait_seconds: float | None = None, on_wait: Callable[[str], None] | None = None
    ) -> None:
        self.path = Path(path)
        self.wait_seconds = wait_setting() if wait_seconds is None else wait_seconds
        self.on_wait = on_wait or _to_standard_error
        self.conflicts = 0
        """Commits of this object that had to be tried again because another writer was faster."""
        self._shared: duckdb.DuckDBPyConnection | None = None
        self._was_there = False

    @property
    def address(self) -> str:
        """What `--warehouse` takes to open it again."""
        return str(self.path)

    def beside(self, ending: str) -> Path:
        """A path of this warehouse's own, in the folder of its file: no two warehouses there have the same.

        Args:
            ending: Comes after the file's name without ``.duckdb``, and a dot.
        """
        return self.path.with_name(f"{self.path.name.removesuffix('.duckdb')}.{ending}")

    @contextmanager
    def connect(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open, hand over, and always close.

        Raises:
            WarehouseError: The file is missing (reading), locked for too long, damaged, or not a warehouse.
        """
        if self._shared is not None and not read_only:
            raise RuntimeError("a write inside `reading`, which holds the file for reads alone")
        connection = self._open(read_only=read_only) if self._shared is None else self._shared.cursor()
        try:
            yield connection
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            if not (why := why_unusable(error, self.address)):
                raise
            raise WarehouseError(why) from error
        finally:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Inside it all reads of this object share one connection; for several in a row, with nothing long in between.

        Opening and closing takes longer than most reads do.
        """
        with self.connect() as connection:
            self._shared = connection
            try:
                yield
            finally:
                self._shared = None

    def take_turn(self, config: Mapping[str, Any]) -> duckdb.DuckDBPyConnection | None:
        """Open for a tool that opens the file itself and does not wait: close it when the tool has; None: nothing to hold.

        Args:
            config: The tool's settings of the connection, so that both can be open at once in one process.

        Raises:
            WarehouseError: The file is missing, as no tool makes one, or locked for too long.
        """
        # This process may hold the file itself, in another mode: that is no reason to wait.
        with suppress(duckdb.ConnectionException):
            return self._open(read_only=False, shared=False, config=dict(config))
        return None

    def seal(self, connection: duckdb.DuckDBPyConnection, *, but: Path | None = None) -> None:
        """Keep a connection from every file but the warehouse, and one more where it is named."""
        connection.execute("set allowed_paths = ?", [[str(but)] if but else []])
        connection.execute("set enable_external_access = false")

    def size(self) -> str:
        """How much it holds, for people."""
        return f"{self.path.stat().st_size / 1e6:.1f} MB"

    def tidy(self, *, days: float) -> bool:
        """What a kind of warehouse needs now and then, sparing the last days; False: nothing, as DuckDB uses free room again."""
        return False

    def _open(
        self, *, read_only: bool, shared: bool = True, config: dict[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        if not (here := self.path.exists()) and self._was_there:
            # Written anew, it would hold nothing but this one thing.
            raise WarehouseError(
                f"{self.path} was there and is gone: bring it back, or see that nobody takes it away, and run the same command again."
            )
        if not here and (read_only or not shared):
            raise NoWarehouseError(
                f"There is no warehouse at {self.path}: run `persona-fidelity run` first, or name another with --warehouse."
            )
        turn = Turn(self.wait_seconds, self.on_wait, self.path)
        while True:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                if not (read_only or self.path.exists()):
                    create_file(self.path)
                connection = duckdb.connect(str(self.path), read_only=read_only, config=config or {})
                turn.over()
                self._was_there = True
                remove_leftovers(self.path)
                return bound_memory(connection, self.path)
            except (duckdb.IOException, duckdb.ConnectionException) as error:
                if isinstance(error, duckdb.ConnectionException) and not shared:
                    raise
                if not is_in_use(error):
                    raise WarehouseError(why_closed(error, self.path, read_only=read_only)) from error
                if not turn.wait(f"{self.path} is in use by {holder(error)}"):
                    raise WarehouseError(
                        f"{self.path} is in use by {holder(error)}; waited {self.wait_seconds:.0f} s. "
                        f"Try again when it is done, or set {WAIT_VARIABLE} to more seconds."
                    ) from error
            except (PermissionError, FileExistsError, NotADirectoryError) as error:
                raise WarehouseError(
                    f"{self.path} cannot be written: {error.strerror}. Choose another place with --warehouse."
                ) from error

    def prepare(self, *, prototypes: int = 4, dimension: int = 128) -> None:
        """Make the ``raw`` and ``ml`` tables that are not there yet, and room for vectors of these lengths.

        Args:
            prototypes: K, the length of a mixture.
            dimension: d, the length of an embedding.

        Raises:
            WarehouseError: Newer code has written it.
        """
        statements = table_statements(prototypes=prototypes, dimension=dimension)

        def make(connection: duckdb.DuckDBPyConnection) -> None:
            make_room(connection, prototypes=prototypes, dimension=dimension)
            connection.execute(self._portable(statements))
            take_over(connection, self.address)

        self.write(make)

    def _portable(self, ddl: str) -> str:
        return ddl

    def write(self, action: Callable[[duckdb.DuckDBPyConnection], Result], *, work: Work = Work.WRITES) -> Result:
        """Do something in one transaction of its own; all of it happens or nothing.

        Args:
            action: Gets the connection; called again when another writer was faster, so it must not change anything else.
            work: What it is, where several may write at once: it waits for those who do the same.

        Raises:
            WarehouseError: Other writers were faster every time.
        """
        with self.connect(read_only=False) as connection:
            return self.commit(connection, action, work=work)

    @contextmanager
    def alone(self, work: Work) -> Iterator[None]:
        """Nobody else inside it with the same work; a file, which one process at a time can write, needs nothing for it."""
        yield

    def commit(
        self,
        connection: duckdb.DuckDBPyConnection,
        action: Callable[[duckdb.DuckDBPyConnection], Result],
        *,
        work: Work = Work.WRITES,
    ) -> Result:
        """Like ``write``, on a connection that is open already and in no transaction."""
        for attempt in range(MAX_ATTEMPTS):
            connection.begin()
            try:
                result = action(connection)
                connection.commit()
                return result
            except BaseException as error:
                # A commit that failed has ended the transaction already.
                with suppress(duckdb.Error):
                    connection.rollback()
                if not (isinstance(error, duckdb.Error) and is_conflict(error)):
                    raise
            self.conflicts += 1
            time.sleep(random.uniform(0.5, 1.5) * min(0.05 * 2**attempt, 2.0))
        raise WarehouseError(
            f"Other processes changed the same tables of {self.address} at every one of {MAX_ATTEMPTS} attempts: "
            "run the command again, with fewer writers at once."
        )

    def read(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> pa.Table:
        """The answer of a query, in columns."""
        with self.connect() as connection:
            return columns(connection, sql, params)

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """The answer of a query, as tuples; for a handful of rows."""
        with self.connect() as connection:
            return connection.execute(sql, params or None).fetchall()

    def replace_slice(self, table: str, data: pa.Table, *, where: Mapping[str, Any]) -> int:
        """Delete the rows of a slice and insert the new ones, in one transaction.

        Args:
            table: Name with schema, such as ``ml.ratings``; never made from data.
            data: New rows; columns are matched by name.
            where: Column values that make the slice. Empty means the whole table.

        Returns:
            How many rows were written.
        """
        self.write(lambda connection: replace_rows(connection, table, data, where=where))
        return data.num_rows

    def replace_slices(self, slices: Sequence[tuple[str, pa.Table, Mapping[str, Any]]]) -> None:
        """Like ``replace_slice`` for several tables, or slices of one, in one transaction.

        Args:
            slices: Table, new rows and what makes the slice, as ``replace_slice`` takes them.
        """

        def replace(connection: duckdb.DuckDBPyConnection) -> None:
            for table, data, where in slices:
                replace_rows(connection, table, data, where=where)

        self.write(replace)


def replace_rows(
    connection: duckdb.DuckDBPyConnection, table: str, data: pa.Table, *, where: Mapping[str, Any]
) -> None:
    """Delete and insert inside the caller's transaction."""
    condition = " and ".join(f"{column} = ?" for column in where) or "true"
    connection.execute(f"delete from {table} where {condition}", list(where.values()))
    connection.register("incoming", data)
    try:
        connection.execute(f"insert into {table} by name select * from incoming")
    finally:
        connection.unregister("incoming")


def create_file(path: Path) -> None:
    """Make an empty DuckDB file in the storage format of ``STORAGE_VERSION``; a file that is there keeps its own."""
    name = str(path).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{name}' as warehouse (storage_version '{STORAGE_VERSION}')")


def _to_standard_error(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
