"""How far an instrument agrees with itself: the same encoder under another seed (DESIGN section 5c)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from python_assets.encoder.data import TrainingData
from python_assets.encoder.store import load_encoder, load_users
from python_assets.encoder.users import score_items
from python_assets.metrics.retest import user_cosine_agreement, user_score_agreement
from python_assets.seeds import derive_seed
from python_assets.study import Study
from python_assets.warehouse import Warehouse

# Users and items that the agreement is measured on; more change the third digit only.
SAMPLE = 1000
# Users whose cosines can be correlated. Fewer are left where nearly all were folded in since, and say nothing.
LEAST = 3
TRAINED = """
    select user_id from ml.user_embeddings
    where split = ? and instrument = ? and list_contains(?, seed)
    group by user_id
    having not bool_or(folded_in) and min(n_train_pairs) > 0
"""


def retest_rows(
    warehouse: Warehouse, data: TrainingData, study: Study, *, split: str, instrument: str, code_version: str
) -> pa.Table:
    """Rows of ``ml.instrument_retests``: agreement of the study's encoder with each of its retests.

    Of the users that all of them were trained with, and who had a pair to train with. Users who were folded in stand apart
    from the others under any seed, as fewer steps brought them there, and so do those without a pair, who are all left at
    one place where mixtures start at zero: that two encoders agree on who they are says nothing of the map.
    """
    rng = np.random.default_rng(derive_seed(study.seed, "retest", split))
    known = warehouse.read(TRAINED, [split, instrument, list(study.encoder_seeds(instrument))])["user_id"]
    trained = np.flatnonzero(pc.is_in(data.user_ids, value_set=known.combine_chunks()).to_numpy(zero_copy_only=False))
    users = np.sort(trained[rng.permutation(len(trained))[:SAMPLE]])
    items = np.sort(rng.permutation(len(data.item_ids))[:SAMPLE])
    enough = len(users) >= LEAST
    views = []
    for seed in study.encoder_seeds(instrument):
        model = load_encoder(warehouse, split=split, instrument=instrument, seed=seed)
        places = load_users(warehouse, split=split, instrument=instrument, seed=seed)
        scores = score_items(model, places.mixtures[users], model.catalogue_geometry(data.texts[items]))
        views.append((seed, places.embeddings[users], scores))
    first, *others = views
    rows = [
        {"seed": first[0], "other_seed": seed, "metric": metric, "value": value}
        for seed, embeddings, scores in others
        for metric, value in (
            ("user_cosine", user_cosine_agreement(first[1], embeddings) if enough else None),
            ("user_scores", user_score_agreement(first[2], scores) if enough else None),
        )
    ]
    fixed = {"split": split, "instrument": instrument, "code_version": code_version}
    schema = pa.schema(
        [
            ("split", pa.string()),
            ("instrument", pa.string()),
            ("seed", pa.int64()),
            ("other_seed", pa.int64()),
            ("metric", pa.string()),
            ("value", pa.float64()),
            ("code_version", pa.string()),
        ]
    )
    return pa.Table.from_pylist([{**fixed, **row} for row in rows], schema=schema)
