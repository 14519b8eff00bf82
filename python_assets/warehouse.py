"""Short-lived connections to the DuckDB warehouse, and one way to write: replace a slice.

One process with a read-write connection keeps every other process out, so nothing here holds a
connection across training or LLM calls, and opening waits its turn with a growing, jittered pause.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

TABLES = Path(__file__).with_name("tables.sql")


class WarehouseError(Exception):
    """The warehouse cannot be opened or used; the message says what to do."""


class Warehouse:
    """One DuckDB file.

    Args:
        path: The file; it is made on the first write.
        wait_seconds: How long to wait for another process to let go of the file.
    """

    def __init__(self, path: Path | str, *, wait_seconds: float = 120.0) -> None:
        self.path = Path(path)
        self.wait_seconds = wait_seconds

    @contextmanager
    def connect(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open, hand over, and always close.

        Raises:
            WarehouseError: The file is missing (reading), locked for too long, or not a warehouse.
        """
        connection = self._open(read_only=read_only)
        try:
            yield connection
        finally:
            connection.close()

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        if read_only and not self.path.exists():
            raise WarehouseError(
                f"There is no warehouse at {self.path}: run `persona-fidelity run` first, or name another with --warehouse."
            )
        deadline = time.monotonic() + self.wait_seconds
        pause = 0.05
        while True:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                return duckdb.connect(str(self.path), read_only=read_only)
            except (duckdb.IOException, duckdb.ConnectionException) as error:
                locked = "lock" in str(error) or "different configuration" in str(error)
                if not locked:
                    raise WarehouseError(
                        f"{self.path} cannot be opened as a DuckDB file: {_first_line(error)}"
                    ) from error
                if time.monotonic() > deadline:
                    raise WarehouseError(
                        f"{self.path} is in use by another process; waited {self.wait_seconds:.0f} s. Try again when it is done."
                    ) from error
            except (PermissionError, FileExistsError, NotADirectoryError) as error:
                raise WarehouseError(
                    f"{self.path} cannot be written: {error.strerror}. Choose another place with --warehouse."
                ) from error
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 1.6, 2.0)

    def prepare(self, *, prototypes: int = 4, dimension: int = 128) -> None:
        """Make the ``raw`` and ``ml`` tables that are not there yet.

        Args:
            prototypes: K, the length of a mixture.
            dimension: d, the length of an embedding.
        """
        ddl = (
            TABLES.read_text()
            .replace("FLOAT[K]", f"FLOAT[{prototypes:d}]")
            .replace("FLOAT[d]", f"FLOAT[{dimension:d}]")
        )
        with self.connect(read_only=False) as connection:
            connection.execute(ddl)

    def read(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> pa.Table:
        """The answer of a query, in columns."""
        with self.connect() as connection:
            return connection.sql(sql, params=params or None).to_arrow_table()

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
        with self.connect(read_only=False) as connection:
            connection.begin()
            try:
                replace_rows(connection, table, data, where=where)
                connection.commit()
            except Exception:
                connection.rollback()
                raise
        return data.num_rows


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


def to_matrix(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """A vector column (FixedSizeList) as a float array, shape (rows, length)."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    length = array.type.list_size
    return np.asarray(array.flatten(), dtype=np.float32).reshape(-1, length)


def from_matrix(matrix: np.ndarray) -> pa.FixedSizeListArray:
    """A float array, shape (rows, length), as a vector column."""
    flat = pa.array(np.ascontiguousarray(matrix, dtype=np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
