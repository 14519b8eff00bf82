"""What was measured by another seed of the study: it goes before the encoders of the present one are trained, which takes hours."""

from __future__ import annotations

from functools import partial

from python_assets.measured import MEASURED, delete_rows
from python_assets.metrics.score_split import scores_seed
from python_assets.study import Study
from python_assets.warehouse import Warehouse

OF_OTHER_SEED = "select 1 from ml.population_scores where split = ? and instrument = ? and seed <> ? limit 1"


def forget_other_seeds(warehouse: Warehouse, study: Study, *, split: str) -> None:
    """Delete what each instrument measured in the space of another seed's encoder.

    The encoder of the new seed may be there already, as a retest's is: nothing replaces it then, and a report would show its
    users beside personas in the space of the former. Nor do its retests say how far the encoders of the new one agree.

    Args:
        warehouse: Holds the scores.
        study: Its seed and instruments.
        split: Product split.
    """
    for instrument in study.instruments:
        if warehouse.rows(OF_OTHER_SEED, [split, instrument, scores_seed(study, split, instrument)]):
            warehouse.write(partial(delete_rows, tables=MEASURED, split=split, instrument=instrument))
