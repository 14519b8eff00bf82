"""The users' space: encoders of every instrument, and how far each agrees with itself."""

from collections.abc import Iterator

import dagster as dg

from dagster_defs.partitions import MODEL_POOL, SPLITS, WORKSPACE
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import code_version
from python_assets.encoder.data import read_training_data
from python_assets.metrics.score_retests import retest_rows
from python_assets.placement.refresh import keep_current
from python_assets.stages import forget_split

KEYS = [dg.AssetKey(["ml", name]) for name in ("encoder_runs", "user_embeddings", "instrument_retests")]
READS = [["corpus", "preference_pairs"], ["corpus", "items"], ["corpus", "users"], ["ml", "item_embeddings"]]


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            key,
            group_name="encoder",
            kinds={"python", "pytorch"},
            deps=[dg.AssetKey(read) for read in READS],
        )
        for key in KEYS
    ],
    partitions_def=SPLITS,
    pool=MODEL_POOL,
)
def encoders(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """Train the multi-prototype Bradley-Terry encoder (Eq. 1 to 4, Table 4), once for each seed of each instrument; fold new data in."""
    split, study, target = context.partition_key, WORKSPACE.study, warehouse.prepared()
    forget_split(target, split)
    data = read_training_data(target, split)
    outcomes = {}
    for name, instrument in study.instruments.items():
        for seed in study.encoder_seeds(name):
            made = {"split": split, "instrument": name, "seed": seed, "code_version": code_version()}
            outcomes[f"{name}_seed_{seed}"] = keep_current(target, data, instrument, **made, log=context.log.info)
        retests = retest_rows(target, data, study, split=split, instrument=name, code_version=code_version())
        target.replace_slice("ml.instrument_retests", retests, where={"split": split, "instrument": name})
    for key in KEYS:
        count = target.rows(f"select count(*) from ml.{key.path[-1]} where split = ?", [split])[0][0]
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/partition_row_count": count, **outcomes})
