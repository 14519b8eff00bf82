"""Write the references of a split; what was scored against others goes with them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from python_assets.measured import SCORES
from python_assets.metrics.score_split import ReferenceScores
from python_assets.study import BASELINE_SOURCES, Placement
from python_assets.warehouse import Warehouse

STORED = """
    select metric, anchor, floor_value, ceiling_value from ml.anchor_scores
    where split = ? and instrument = ? and n = ? order by metric, anchor
"""
# Settings that move neither floor nor ceiling, such as permutations and triplets, are seen in the hash alone.
OF_OTHER_SETTINGS = """
    select 1 from ml.population_scores where split = ? and instrument = ? and not list_contains(?, config_hash) limit 1
"""
# Whose places are of other probes or another placement than the present ones: of other answers than their neighbours', too.
PLACED_OTHERWISE = """
    select distinct places.population
    from ml.persona_embeddings as places
    left join probes.probe_sets as present on places.split = present.split
    where
        places.split = ? and places.instrument = ?
        and (places.config_hash <> ? or places.probe_set_hash is distinct from present.probe_set_hash)
"""
COLUMNS = ["metric", "anchor", "floor_value", "ceiling_value"]
_NOTHING = pa.table({"split": pa.array([], pa.string())})


def save_references(
    warehouse: Warehouse, made: ReferenceScores, *, split: str, instrument: str, placement: Placement
) -> None:
    """Replace an instrument's references on a split, in one transaction.

    Where floor and ceiling, or the settings of the metrics, are no longer those of before, the split's populations were
    scored with other users, seeds or metrics: their scores are deleted, so that a population that fails now does not stand
    in the results beside others with what it had then. So are the scores of those whose places are of other probes or of
    another placement.
    """
    key = {"split": split, "instrument": instrument}
    before = warehouse.rows(STORED, [split, instrument, made.n])
    now = made.anchors.sort_by([("metric", "ascending"), ("anchor", "ascending")]).select(COLUMNS)
    embeddings = ("ml.reference_embeddings", made.embeddings, key)
    slices: list[tuple[str, pa.Table, dict[str, Any]]]
    made_with = made.scores["config_hash"].unique().to_pylist()
    settings_stay = not warehouse.rows(OF_OTHER_SETTINGS, [split, instrument, made_with])
    if settings_stay and before == list(zip(*now.to_pydict().values(), strict=True)):
        slices = [
            (
                "ml.population_scores",
                made.scores.filter(pa.compute.equal(made.scores["population"], name)),
                {**key, "population": name},
            )
            for name in BASELINE_SOURCES
        ]
        # Rows of older code have no deviations.
        slices.append(("ml.anchor_scores", made.anchors, {**key, "n": made.n}))
        otherwise = warehouse.rows(PLACED_OTHERWISE, [split, instrument, placement.config_hash()])
        slices += [(table, _NOTHING, {**key, "population": name}) for (name,) in otherwise for table in SCORES]
    else:
        slices = [
            ("ml.population_scores", made.scores, key),
            ("ml.anchor_scores", made.anchors, key),
            ("ml.paired_scores", _NOTHING, key),
            ("ml.paired_distances", _NOTHING, key),
        ]
    warehouse.replace_slices([*slices, embeddings])
