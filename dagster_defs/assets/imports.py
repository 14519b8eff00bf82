"""Personas and answers made elsewhere: Dagster does not make them, but knows when the import commands brought them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from dagster_defs.partitions import POPULATIONS

if TYPE_CHECKING:
    from python_assets.imports import Imported

PERSONAS, RATINGS = (
    dg.AssetSpec(
        ["raw", f"imported_{kind}"],
        group_name="raw",
        kinds={"file"},
        partitions_def=POPULATIONS,
        description=f"{text} of populations with `condition: imported`: `persona-fidelity import-{kind}` brings them.",
    )
    for kind, text in (("personas", "Persona texts"), ("ratings", "Answers"))
)
IMPORTS = [PERSONAS, RATINGS]


def report_imported(
    instance: dg.DagsterInstance, spec: dg.AssetSpec, path: Path, population: str, done: Sequence[Imported]
) -> None:
    """Tell Dagster what an import command brought, a partition at a time."""
    for part in done:
        metadata = {name: value for name, value in part._asdict().items() if isinstance(value, int)}
        partition = dg.MultiPartitionKey({"split": part.split, "population": population})
        instance.report_runless_asset_event(
            dg.AssetMaterialization(spec.key, metadata={**metadata, "path": str(path.absolute())}, partition=partition)
        )
