"""What the UI shows of the tables that Python writes."""

from __future__ import annotations

import dagster as dg

from dagster_defs.wiring import defs

SCHEMA = "dagster/column_schema"


def columns() -> dict[str, list[dg.TableColumn]]:
    specs = {".".join(spec.key.path): spec for spec in defs.resolve_all_asset_specs()}
    return {
        name: list(spec.metadata[SCHEMA].columns)
        for name, spec in specs.items()
        if name.split(".")[0] in {"raw", "ml"} and SCHEMA in spec.metadata
    }


def test_each_column_of_a_table_that_python_writes_has_a_type_and_a_sentence() -> None:
    found = columns()
    assert {spec.key.path[1] for spec in defs.resolve_all_asset_specs() if spec.key.path[0] == "ml"} == {
        name.removeprefix("ml.") for name in found if name.startswith("ml.")
    }
    assert [f"{table}.{column.name}" for table in found for column in found[table] if not column.description] == []
    embedding = next(column for column in found["ml.user_embeddings"] if column.name == "embedding")
    assert embedding.type == "float[128]"
    assert [column.name for column in found["raw.splits"]] == ["split", "category"]
