"""What one process of a concurrency test does; prints one line of JSON: seconds of each operation, and conflicts.

python -m tests.lake.worker hold|write|read ADDRESS SPLIT COUNT
"""

from __future__ import annotations

import json
import sys
import time

import pyarrow as pa

from python_assets.addresses import open_warehouse
from python_assets.warehouse import Warehouse, replace_rows

ROWS = 50


def rows_of(split: str, number: int) -> tuple[pa.Table, pa.Table]:
    """The slices of two tables that belong together: clusters, and retests that say which write they are of."""
    count = {"split": [split] * ROWS}
    clusters = {"band": ["head"] * ROWS, "item_id": [f"i{i}" for i in range(ROWS)], "cluster": [number] * ROWS}
    clusters |= {"distance": [0.5] * ROWS, "seed": [1] * ROWS, "code_version": ["0"] * ROWS}
    retests = {"instrument": ["paper"] * ROWS, "seed": [1] * ROWS, "other_seed": list(range(ROWS))}
    retests |= {"metric": ["m"] * ROWS, "value": [float(number)] * ROWS, "code_version": ["0"] * ROWS}
    return pa.table({**count, **clusters}), pa.table({**count, **retests})


def write(warehouse: Warehouse, split: str, number: int) -> None:
    """Replace a split in both tables at once."""
    clusters, retests = rows_of(split, number)

    def both(connection: object) -> None:
        replace_rows(connection, "ml.item_clusters", clusters, where={"split": split})  # type: ignore[arg-type]
        replace_rows(connection, "ml.instrument_retests", retests, where={"split": split})  # type: ignore[arg-type]

    warehouse.write(both)


def check(warehouse: Warehouse) -> None:
    """A reader sees every split whole, and both tables of the same write."""
    found = warehouse.rows(
        "select split, count(*), count(distinct cluster), any_value(cluster) = "
        "(select any_value(value) from ml.instrument_retests as r where r.split = c.split) "
        "from ml.item_clusters as c group by split"
    )
    assert all(row[1:] == (ROWS, 1, True) for row in found), found


def main(what: str, address: str, split: str, count: str) -> None:
    """Do it."""
    warehouse = open_warehouse(address, wait_seconds=60)
    if what == "hold":
        with warehouse.connect(read_only=False):
            print("held", flush=True)
            time.sleep(float(count))
        return
    seconds = []
    for number in range(int(count)):
        started = time.monotonic()
        if what == "write":
            write(warehouse, split, number)
        else:
            check(warehouse)
        seconds.append(time.monotonic() - started)
        time.sleep(0.02)
    print(json.dumps({"seconds": seconds, "conflicts": warehouse.conflicts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
