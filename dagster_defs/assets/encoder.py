"""The users' space: encoders of every instrument, and how far each agrees with itself."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_defs.partitions import MODEL_POOL, SPLITS, WORKSPACE, split_of
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import code_version
from python_assets.encoder.data import read_training_data
from python_assets.metrics.other_seeds import forget_other_seeds
from python_assets.metrics.score_retests import retest_rows
from python_assets.placement.refresh import keep_current
from python_assets.stages import forget_split

MADE = {
    "encoder_runs": "The trained multi-prototype Bradley-Terry encoders (Eq. 1 to 4, Table 4): one a split, instrument and seed.",
    "user_embeddings": "Each user's mixture and place in the space of an encoder; new and changed users are folded in.",
    "instrument_retests": "How far encoders of an instrument that differ only in their seed agree, one row a pair and measure.",
}
KEYS = [dg.AssetKey(["ml", name]) for name in MADE]
READS = [["corpus", "preference_pairs"], ["corpus", "items"], ["corpus", "users"], ["ml", "item_embeddings"]]


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            key,
            description=description,
            group_name="encoder",
            kinds={"python", "pytorch"},
            deps=[dg.AssetKey(read) for read in READS],
        )
        for key, description in zip(KEYS, MADE.values(), strict=True)
    ],
    partitions_def=SPLITS,
    pool=MODEL_POOL,
)
def encoders(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """Train the multi-prototype Bradley-Terry encoder (Eq. 1 to 4, Table 4), once for each seed of each instrument; fold new data in."""
    split, study, target = split_of(context), WORKSPACE.study, warehouse.prepared()
    forget_split(target, split)
    forget_other_seeds(target, study, split=split)
    data = read_training_data(target, split)
    outcomes = {}
    for name, instrument in study.instruments.items():
        for seed in study.encoder_seeds(name):
            made: dict[str, Any] = {"split": split, "instrument": name, "seed": seed, "code_version": code_version()}
            outcomes[f"{name}_seed_{seed}"] = keep_current(target, data, instrument, **made, log=context.log.info)
        retests = retest_rows(target, data, study, split=split, instrument=name, code_version=code_version())
        target.replace_slice("ml.instrument_retests", retests, where={"split": split, "instrument": name})
    for key in KEYS:
        count = target.rows(f"select count(*) from ml.{key.path[-1]} where split = ?", [split])[0][0]
        yield dg.MaterializeResult(asset_key=key, metadata={"dagster/partition_row_count": count, **outcomes})
