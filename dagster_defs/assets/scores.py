"""Places and scores: personas in the users' space, then everything that is measured there."""

from collections.abc import Iterator

import dagster as dg
import pyarrow as pa

from dagster_defs.assets.metadata import preview
from dagster_defs.partitions import POPULATIONS, SPLITS, WAREHOUSE_POOL, WORKSPACE, split_and_population, split_of
from dagster_defs.resources import WarehouseResource
from dagster_defs.workspace import code_version
from python_assets.metrics.rows import paired_rows
from python_assets.metrics.save_references import save_references
from python_assets.metrics.score_split import score_personas_of, score_references_of
from python_assets.metrics.score_stand_ins import hold_against
from python_assets.placement.keep import keep_places_current
from python_assets.probe_items import read_probes
from python_assets.stages import forget_population, forget_split

ML = {name: dg.AssetKey(["ml", name]) for name in (
    "encoder_runs", "user_embeddings", "ratings", "persona_embeddings", "reference_embeddings", "anchor_scores",
    "population_scores", "paired_scores", "paired_distances",
)}  # fmt: skip
REFERENCES = {
    "reference_embeddings": "One draw of each synthetic baseline (Table 6), in the users' space.",
    "anchor_scores": "Floor and ceilings of the Fidelity Gap Index at each size that a population of the split has.",
}
SCORES = {
    "population_scores": "The five distributional metrics of a population over resamples (section 3.4).",
    "paired_scores": "How alike personas and their own seed users are (section 3.4).",
    "paired_distances": "Each persona's distance from its own seed user.",
}
SHOWN = ["population", "instrument", "metric", "value", "std", "p_value", "n"]
PLACED = """
    select count(*) filter (placed), count(*) filter (not placed) from ml.persona_embeddings
    where split = ? and population = ? and instrument = ?
"""


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ML[name],
            description=description,
            group_name="scores",
            kinds={"python", "scipy"},
            deps=[ML["encoder_runs"], ML["user_embeddings"]],
        )
        for name, description in REFERENCES.items()
    ],
    partitions_def=SPLITS,
    pool=WAREHOUSE_POOL,
)
def references(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult]:
    """Floor, ceiling, the three synthetic baselines (Table 6) and the ignorant rater, scored against real users."""
    split, study, target = split_of(context), WORKSPACE.study, warehouse.prepared()
    forget_split(target, split)
    tables = []
    for name, instrument in study.instruments.items():
        done = score_references_of(target, study, split=split, instrument=name, code_version=code_version())
        save_references(target, done, split=split, instrument=name, placement=instrument.placement)
        tables.append(done)
    embeddings, anchors, scores = (
        pa.concat_tables(parts) for parts in zip(*((d.embeddings, d.anchors, d.scores) for d in tables), strict=True)
    )
    scores = preview(scores.select(SHOWN), rows=30)
    metadata = {"rows": anchors.num_rows, "preview": preview(anchors, rows=30), "scores": scores}
    yield dg.MaterializeResult(asset_key=ML["anchor_scores"], metadata=metadata)
    metadata = {"rows": embeddings.num_rows, "preview": preview(embeddings)}
    yield dg.MaterializeResult(asset_key=ML["reference_embeddings"], metadata=metadata)


@dg.asset(
    key=ML["persona_embeddings"],
    group_name="placement",
    kinds={"python", "pytorch"},
    deps=[ML["ratings"], ML["encoder_runs"], dg.AssetKey(["probes", "probe_sets"])],
    partitions_def=POPULATIONS,
    pool=WAREHOUSE_POOL,
)
def persona_embeddings(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
    """Place every persona in the users' space with everything but its w frozen (Eq. 5, Algorithm 1)."""
    (split, population), study, target = split_and_population(context), WORKSPACE.study, warehouse.prepared()
    forget_population(target, split, population)
    probes = read_probes(target, split)
    ((probe_set,),) = target.rows("select probe_set_hash from probes.probe_sets where split = ?", [split])
    counts: dict[str, int] = {}
    for name in study.instruments:
        key = {"split": split, "population": population, "instrument": name}
        made = {"probe_set": probe_set, "code_version": code_version()}
        anew = keep_places_current(target, study, probes, **key, **made)
        ((here, nowhere),) = target.rows(PLACED, list(key.values()))
        counts |= {f"{name}_placed": here, f"{name}_without_a_pair": nowhere, f"{name}_placed_anew": anew}
        sentence = "%s of %s in %s: %s personas have a place, %s have no pair to place them by, %s were looked at anew"
        context.log.info(sentence, population, split, name, here, nowhere, anew)
    return dg.MaterializeResult(metadata=counts)


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ML[name],
            description=description,
            group_name="scores",
            kinds={"python", "scipy"},
            deps=[ML["persona_embeddings"], ML["anchor_scores"], ML["user_embeddings"]],
        )
        for name, description in SCORES.items()
    ],
    partitions_def=POPULATIONS,
    pool=WAREHOUSE_POOL,
)
def population_scores(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult]:
    """The five distributional metrics over resamples, and the paired metrics (section 3.4)."""
    (split, population), study, target = split_and_population(context), WORKSPACE.study, warehouse.prepared()
    forget_population(target, split, population)
    made: dict[str, list[pa.Table]] = {name: [] for name in SCORES}
    for name in study.instruments:
        key = {"split": split, "population": population, "instrument": name}
        done = score_personas_of(target, study, **key, code_version=code_version())
        fixed = {**key, "seed": study.seed, "config_hash": study.metrics.config_hash(), "code_version": code_version()}
        distances = done.paired.distances
        for column, value in key.items():
            distances = distances.append_column(column, pa.array([value] * distances.num_rows, pa.string()))
        slices: list[tuple[str, pa.Table, dict[str, object]]] = [
            ("ml.population_scores", done.scores, {**key}),
            ("ml.paired_scores", paired_rows(done.paired.values, fixed), {**key}),
            ("ml.paired_distances", distances, {**key}),
        ]
        if done.n:
            slices.append(("ml.anchor_scores", done.anchors, {"split": split, "instrument": name, "n": done.n}))
        else:
            # The constant rater is there to show just that.
            log = context.log.info if study.population(population).rater.is_control else context.log.warning
            log("%s of %s: no persona has a place with %s, so there is nothing to compare", population, split, name)
        target.replace_slices(slices)
        hold_against(target, study, population, split=split, instrument=name)
        for table, rows, _ in slices[: len(SCORES)]:
            made[table.removeprefix("ml.")].append(rows)
    for name, parts in made.items():
        rows = pa.concat_tables(parts)
        shown = (
            rows.select([column for column in SHOWN if column in rows.column_names])
            if "metric" in rows.column_names
            else rows
        )
        yield dg.MaterializeResult(
            asset_key=ML[name], metadata={"rows": rows.num_rows, "preview": preview(shown, rows=20)}
        )
