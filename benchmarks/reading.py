"""Reading a split's users in columns, against the same query by way of DuckDB's ``sql`` with parameters."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.result import Result, seconds_of
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import columns, from_matrix

# The other way takes minutes at the paper's size; both are timed on as many users.
MOST_USERS = 50_000
QUERY = "select user_id, mixture, embedding from ml.user_embeddings where split = $split order by user_id"


def reading(*, users: int) -> list[Result]:
    """How many times as fast, and that both say the same."""
    rows = min(users, MOST_USERS)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = filled(Path(folder) / "reading.duckdb", rows)
        with warehouse.connect() as connection:

            def plain() -> pa.Table:
                return connection.sql(QUERY, params={"split": "Combined"}).to_arrow_table()

            def ours() -> pa.Table:
                return columns(connection, QUERY, {"split": "Combined"})

            assert ours().equals(plain().cast(ours().schema))
            ours_s, plain_s = seconds_of(ours, repeats=5), seconds_of(plain)
    details: dict[str, float | int | str] = {"ours_s": ours_s, "plain_s": plain_s}
    sizes = f"{rows:,} users, K = 4, d = 128"
    return [Result("reading users in columns", sizes, plain_s / ours_s, "times", 10, "at least", details)]


def filled(path: Path, rows: int) -> Warehouse:
    """A warehouse with places of users of two splits."""
    rng, warehouse = np.random.default_rng(0), Warehouse(path)
    warehouse.prepare()
    for split in ("Combined", "Software"):
        fixed: dict[str, Any] = {"split": split, "instrument": "paper", "seed": 42, "folded_in": False}
        table = pa.table(
            {
                **{name: pa.repeat(value, rows) for name, value in fixed.items()},
                "user_id": [f"user{number:09d}" for number in range(rows)],
                "n_train_pairs": pa.repeat(1, rows),
                "train_hash": pa.repeat(1, rows),
                "mixture": from_matrix(rng.dirichlet(np.ones(4), size=rows)),
                "embedding": from_matrix(rng.standard_normal((rows, 128))),
            }
        )
        warehouse.replace_slice("ml.user_embeddings", table, where={"split": split})
    return warehouse
