"""Columns of the tables that Python writes, for Dagster's UI: those of dbt's own come with its models."""

from __future__ import annotations

from functools import cache

import dagster as dg
import duckdb
import yaml

from dagster_defs.partitions import WORKSPACE
from dagster_defs.workspace import PROJECT
from python_assets.warehouse.tables import table_statements

SOURCES = PROJECT / "models" / "sources"
COLUMNS = """
    select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()
    where database_name = current_database() and not internal
    order by table_oid, column_index
"""


def with_columns(spec: dg.AssetSpec) -> dg.AssetSpec:
    """An asset with its table's name, and its columns with their types and what dbt's sources say of them."""
    table = ".".join(spec.key.path)
    columns = _columns().get(table)
    if not columns:
        return spec
    schema = dg.TableSchema(columns=columns)
    return spec.merge_attributes(metadata={"dagster/table_name": table, "dagster/column_schema": schema})


@cache
def _columns() -> dict[str, list[dg.TableColumn]]:
    words = {
        (f"{source['name']}.{table['name']}", column["name"]): column.get("description")
        for file in sorted(SOURCES.glob("*.yml"))
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]
        for table in source["tables"]
        for column in table.get("columns", [])
    }
    shape = next(iter(WORKSPACE.study.instruments.values())).encoder
    statements = table_statements(prototypes=shape.prototypes, dimension=shape.dimension)
    found: dict[str, list[dg.TableColumn]] = {}
    with duckdb.connect() as connection:
        connection.execute(statements)
        for table, name, data_type in connection.execute(COLUMNS).fetchall():
            column = dg.TableColumn(name, data_type.lower(), description=words.get((table, name)))
            found.setdefault(table, []).append(column)
    return found
