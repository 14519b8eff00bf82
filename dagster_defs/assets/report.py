"""The report."""

import dagster as dg

from dagster_defs.partitions import WAREHOUSE_POOL, WORKSPACE
from dagster_defs.resources import WarehouseResource

RESULT_TABLES = ("population_metrics", "fgi", "fidelity", "gap_decomposition", "instrument_reliability")

# Pictures show single users, items, answers and draws.
DRAWN = [["raw", "ingested_files"], ["raw", "rejected_rows"], ["corpus", "users"], ["probes", "probe_items"]]
DRAWN += [
    ["ml", name]
    for name in (
        "item_embeddings", "user_embeddings", "reference_embeddings", "personas", "ratings", "persona_embeddings",
        "paired_distances",
    )
]  # fmt: skip


@dg.asset(
    key=["report", "fidelity_report"],
    group_name="report",
    kinds={"html", "matplotlib"},
    deps=[*(dg.AssetKey(["results", name]) for name in RESULT_TABLES), *(dg.AssetKey(read) for read in DRAWN)],
    pool=WAREHOUSE_POOL,
)
def fidelity_report(warehouse: WarehouseResource) -> dg.MaterializeResult:
    """One self-contained HTML page: tables and Figures 2 to 7, in plain words."""
    # Its libraries of figures take two seconds to load, which every other step would pay for.
    from python_assets.report import build_report

    path = build_report(warehouse.prepared(), WORKSPACE.report_path)
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(path)), "bytes": path.stat().st_size})
