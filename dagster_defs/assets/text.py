"""Item texts as vectors, and the clusters that spread probes over a popularity band."""

import dagster as dg

from dagster_defs.assets.metadata import preview
from dagster_defs.partitions import WAREHOUSE_POOL, WORKSPACE
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import code_version
from python_assets.text.clusters import refresh_clusters, short_bands
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
    done = embed_new_items(warehouse.configured(), code_version=code_version(), log=context.log.info)
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
def item_clusters(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
    """k-means inside each popularity band, as many clusters as probes wanted (section 3.3); chosen probes keep theirs."""
    target = warehouse.configured()
    clusters = refresh_clusters(target, WORKSPACE.study, code_version=code_version())
    for short in short_bands(clusters, WORKSPACE.study.probes.per_band()):
        context.log.warning("%s", short)
    count = target.rows("select count(*) from ml.item_clusters")[0][0]
    return dg.MaterializeResult(
        metadata={"dagster/row_count": count, "new_rows": clusters.num_rows, "preview": preview(clusters)}
    )
