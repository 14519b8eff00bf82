"""Personas and answers made elsewhere: Dagster does not make them, but knows when the import commands brought them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_defs.partitions import POPULATIONS

if TYPE_CHECKING:
    from python_assets.imports import Imported, Withdrawn

IMPORTED = {
    kind: dg.AssetSpec(
        ["raw", f"imported_{kind}"],
        group_name="raw",
        kinds={"file"},
        partitions_def=POPULATIONS,
        description=f"{text} of populations with `condition: imported`: `persona-fidelity import-{kind}` brings them.",
    )
    for kind, text in (("personas", "Persona texts"), ("ratings", "Answers"))
}
IMPORTS = list(IMPORTED.values())


def report_imported(
    instance: dg.DagsterInstance, spec: dg.AssetSpec, path: Path, population: str, done: Sequence[Imported]
) -> None:
    """Tell Dagster what an import command brought, a partition at a time."""
    for part in done:
        metadata = {name: value for name, value in part._asdict().items() if isinstance(value, int)}
        _report(instance, spec, part.split, population, {**metadata, "path": str(path.absolute())})


def report_withdrawn(
    instance: dg.DagsterInstance, spec: dg.AssetSpec, population: str, done: Sequence[Withdrawn]
) -> None:
    """Tell Dagster that a partition of an import holds nothing now."""
    for part in done:
        _report(instance, spec, part.split, population, {"n_rows": 0, "withdrawn": part.path})


def _report(
    instance: dg.DagsterInstance, spec: dg.AssetSpec, split: str, population: str, metadata: dict[str, Any]
) -> None:
    partition = dg.MultiPartitionKey({"split": split, "population": population})
    instance.report_runless_asset_event(dg.AssetMaterialization(spec.key, metadata=metadata, partition=partition))
