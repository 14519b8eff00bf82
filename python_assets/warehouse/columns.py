"""Answers of queries in columns, and vectors as matrices."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa


def columns(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()
) -> pa.Table:
    """The answer of a query, in columns.

    Not by way of ``connection.sql``: where there are parameters, DuckDB 1.5 turns the answer into Python values first,
    which takes forty times as long.
    """
    with _unnoticed_copy():
        return connection.execute(sql, params or None).to_arrow_table()


def batches(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Sequence[Any] | Mapping[str, Any], *, rows: int
) -> pa.RecordBatchReader:
    """Like ``columns``, some rows at a time; the next query on the connection ends it."""
    with _unnoticed_copy():
        return connection.execute(sql, params or None).to_arrow_reader(rows)


@contextmanager
def _unnoticed_copy() -> Iterator[None]:
    # DuckDB 2.0 warns of a copy that this way costs: a tenth of a second for three million rows.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
        yield


def to_matrix(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """A vector column as a float array, shape (rows, length).

    A file has vectors of a fixed length; a lake has lists, which are all of one length here.

    Raises:
        ValueError: Lists of different lengths.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_fixed_size_list(array.type):
        length = array.type.list_size
    else:
        length = len(array[0]) if len(array) else 0
        if any(found != length for found in array.value_lengths().unique().to_pylist()):
            raise ValueError("vectors of different lengths in one column")
    return np.asarray(array.flatten(), dtype=np.float32).reshape(len(array), length)


def from_matrix(matrix: np.ndarray) -> pa.FixedSizeListArray:
    """A float array, shape (rows, length), as a vector column."""
    flat = pa.array(np.ascontiguousarray(matrix, dtype=np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])
