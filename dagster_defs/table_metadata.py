"""Row counts and columns of dbt's tables, for Dagster's UI, in one look at the warehouse.

dagster-dbt's own ``fetch_row_counts`` and ``fetch_column_metadata`` open the file twice a model, which took longer than
most models, and cannot open a lake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from python_assets.warehouse import Warehouse

COLUMNS = """
    select table_schema, table_name, table_type = 'VIEW' as is_view, column_name, data_type
    from information_schema.columns
    inner join information_schema.tables using (table_catalog, table_schema, table_name)
    where table_catalog = current_database()
    order by table_schema, table_name, ordinal_position
"""


def with_table_metadata(events: Iterable[Any], warehouse: Warehouse) -> Iterator[Any]:
    """Add metadata to the events of a dbt run; they are held back until dbt has ended, as it keeps the file till then.

    Raises:
        Exception: What ``events`` raised, after the events before it.
    """
    kept, failure = [], None
    try:
        for event in events:
            kept.append(event)  # noqa: PERF402 - what came before a failure is kept
    except Exception as error:
        failure = error
    names = [name for event in kept if (name := _relation(event))]
    found = table_metadata(warehouse, names) if names else {}
    for event in kept:
        more = found.get(_relation(event) or "")
        yield event.with_metadata({**event.metadata, **more}) if more else event
    if failure:
        raise failure


def table_metadata(warehouse: Warehouse, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Columns of tables and views, and rows of tables; a view is not counted, as that means making it.

    Args:
        warehouse: Where they are.
        names: Schema and name, such as ``corpus.users``; one that is not there is left out.
    """
    wanted = set(names)
    found: dict[str, dict[str, Any]] = {}
    with warehouse.connect() as connection:
        columns: dict[tuple[str, bool], list[dg.TableColumn]] = {}
        for schema, table, is_view, column, data_type in connection.execute(COLUMNS).fetchall():
            columns.setdefault((f"{schema}.{table}", is_view), []).append(dg.TableColumn(column, data_type))
        for (name, is_view), schema in columns.items():
            if name not in wanted:
                continue
            found[name] = {"dagster/column_schema": dg.TableSchema(schema)}
            if not is_view:
                counted = connection.execute(f"select count(*) from {name}").fetchone()
                found[name]["dagster/row_count"] = counted[0] if counted else 0
    return found


def _relation(event: Any) -> str | None:
    """Schema and name of what an event says was made; dagster-dbt names an output after both."""
    if isinstance(event, dg.Output):
        return str(event.output_name).replace("__", ".", 1)
    return ".".join(event.asset_key.path) if isinstance(event, dg.AssetMaterialization) else None
