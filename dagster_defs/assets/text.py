"""Item texts as vectors, and the clusters that spread probes over a popularity band."""

import dagster as dg

from dagster_defs.assets.metadata import preview
from dagster_defs.partitions import WAREHOUSE_POOL, WORKSPACE
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import code_version
from python_assets.text.clusters import cluster_bands, read_bands
from python_assets.text.items import embed_new_items


@dg.asset(
    key=["ml", "item_embeddings"],
    group_name="text",
    kinds={"python", "pytorch"},
    deps=[dg.AssetKey(["staging", "stg_items"]), dg.AssetKey(["corpus", "items"])],
    pool=WAREHOUSE_POOL,
)
def item_embeddings(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
    """MiniLM vectors (phi) of the catalogue; only texts that were never embedded are computed."""
    done = embed_new_items(warehouse.open(), code_version=code_version(), progress=True, log=context.log.info)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": done.n_items, "new_texts": done.n_new, "seconds": done.seconds}
    )


@dg.asset(
    key=["ml", "item_clusters"],
    group_name="text",
    kinds={"python", "scikitlearn"},
    deps=[dg.AssetKey(["probes", "item_bands"]), dg.AssetKey(["ml", "item_embeddings"])],
    pool=WAREHOUSE_POOL,
)
def item_clusters(warehouse: WarehouseResource) -> dg.MaterializeResult:
    """k-means inside each popularity band, as many clusters as probes wanted (section 3.3)."""
    study, target = WORKSPACE.study, warehouse.open()
    bands = read_bands(target)
    clusters = cluster_bands(bands, wanted=study.probes.per_band(), seed=study.seed, code_version=code_version())
    target.replace_slice("ml.item_clusters", clusters, where={})
    return dg.MaterializeResult(metadata={"dagster/row_count": clusters.num_rows, "preview": preview(clusters)})
