"""Partitions: a product split, and a split times a persona population."""

from __future__ import annotations

import dagster as dg

from dagster_defs.workspace import Workspace, open_workspace

WORKSPACE: Workspace = open_workspace()
SPLITS = dg.StaticPartitionsDefinition(list(WORKSPACE.study.splits))
POPULATIONS = dg.MultiPartitionsDefinition(
    {
        "population": dg.StaticPartitionsDefinition([population.name for population in WORKSPACE.study.populations]),
        "split": SPLITS,
    }
)
WAREHOUSE_POOL = "warehouse"
MODEL_POOL = "gpu"


def split_of(context: dg.AssetExecutionContext) -> str:
    """The partition of an asset of a split."""
    return WORKSPACE.study.require_split(context.partition_key)


def split_and_population(context: dg.AssetExecutionContext) -> tuple[str, str]:
    """The partition of a population asset."""
    key = context.partition_key
    assert isinstance(key, dg.MultiPartitionKey)
    return WORKSPACE.study.require_split(key.keys_by_dimension["split"]), key.keys_by_dimension["population"]
