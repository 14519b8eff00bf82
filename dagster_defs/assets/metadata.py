"""Metadata shown in the UI."""

from typing import Any

import dagster as dg
import pyarrow as pa


def preview(
    table: pa.Table, *, rows: int = 8, hide: tuple[str, ...] = ("embedding", "mixture", "checkpoint")
) -> dg.MarkdownMetadataValue:
    """The first rows as a small Markdown table."""
    names = [name for name in table.column_names if name not in hide]
    records = table.select(names).slice(0, rows).to_pylist()
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(record[name]) for name in names) + " |" for record in records]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = "" if value is None else str(value)
    return (text if len(text) <= 80 else text[:77] + "...").replace("|", "\\|").replace("\n", " ")
