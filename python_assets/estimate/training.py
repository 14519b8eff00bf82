"""Encoder trainings of a study: how many pairs, and how long at the speed that was seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from python_assets.encoder.data import TRAIN_HASHES, EncoderDataError, read_item_hashes, read_training_data
from python_assets.estimate.seen import known_rows
from python_assets.study import Study
from python_assets.warehouse import Warehouse

PAIRS = "select split, sum(n_train_pairs)::bigint from corpus.users group by split"
# As `python_assets.placement.refresh` compares users.
TRAINED = f"""
    with present as ({TRAIN_HASHES}),
    sizes as (select split, count(*) as n_users from present group by split),
    kept as (
        select places.split, places.instrument, places.seed, count(*) as n_users
        from ml.user_embeddings as places
        inner join present using (split, user_id, train_hash)
        where not places.folded_in
        group by all
    )
    select
        runs.split, runs.config_hash, runs.seed, runs.code_version, runs.item_hashes, runs.data_hash,
        (greatest(runs.n_users, sizes.n_users) - coalesce(kept.n_users, 0)) / runs.n_users as share
    from ml.encoder_runs as runs
    inner join sizes using (split)
    left join kept on runs.split = kept.split and runs.instrument = kept.instrument and runs.seed = kept.seed
"""
SPEED = "select instrument, sum(n_train_pairs * epochs) / sum(seconds) from ml.encoder_runs group by instrument"


class Training(NamedTuple):
    """The trainings of one instrument on one split: the encoder itself and its retests, but those of an earlier one with
    the same encoder, which it takes over."""

    split: str
    instrument: str
    n_wanted: int
    n_done: int
    max_epochs: int
    n_pairs: int | None
    """Training pairs; None before the corpus has the split."""
    pairs_per_second: float | None
    """As seen here with this instrument, validation and all; None when it was never trained."""

    @property
    def n_left(self) -> int:
        """Trainings that are still to be done."""
        return max(self.n_wanted - self.n_done, 0)

    @property
    def seconds(self) -> float | None:
        """The most that what is left takes: training stops sooner once the validation accuracy no longer grows."""
        if not self.n_left:
            return 0.0
        if self.n_pairs is None or not self.pairs_per_second:
            return None
        return self.n_left * self.max_epochs * self.n_pairs / self.pairs_per_second


def trainings_of(study: Study, warehouse: Warehouse | None, *, code_version: str) -> list[Training]:
    """Every instrument on every split, in the study's order.

    Args:
        study: Its splits, instruments and seed.
        warehouse: Encoders, and how much of what they were trained on has changed; None before there is one.
        code_version: Of the code that would train: an encoder of another is trained anew.
    """
    pairs, speed = dict(known_rows(warehouse, PAIRS)), dict(known_rows(warehouse, SPEED))
    trained: dict[tuple[str, str, int], list[tuple[float, str]]] = defaultdict(list)
    present: dict[str, set[int]] = {}
    for split, config, seed, version, items, data_hash, share in known_rows(warehouse, TRAINED):
        if version != code_version or split not in study.splits:
            continue
        if warehouse and items:  # None in encoders of older code.
            if split not in present:
                present[split] = set(read_item_hashes(warehouse, split).tolist())
            gone_or_new = max(len(present[split]), len(items)) - len(present[split] & set(items))
            share = max(share, gone_or_new / len(items))
        trained[split, config, seed].append((share, data_hash))

    @cache
    def fingerprint(split: str) -> str | None:
        try:
            return read_training_data(warehouse, split).fingerprint() if warehouse else None
        except EncoderDataError:
            return None

    def is_done(split: str, encoder: tuple[str, int], retrain_after: float) -> bool:
        found = [data_hash for share, data_hash in trained[split, *encoder] if share <= retrain_after]
        # What a change of the validation pairs alone does is seen in the whole of the data only, and read for nothing else.
        return bool(found) and (retrain_after > 0 or fingerprint(split) in found)

    def trainings_on(split: str) -> Iterator[Training]:
        earlier: set[tuple[str, int]] = set()
        trained_by_then: set[tuple[str, int]] = set()
        for name, instrument in study.instruments.items():
            encoders = [(instrument.encoder.config_hash(), seed) for seed in study.encoder_seeds(name)]
            left = {encoder for encoder in encoders if not is_done(split, encoder, instrument.retrain_after)}
            # An earlier instrument may be content with an encoder that this one finds too old.
            left -= trained_by_then
            n_wanted = len(set(encoders) - (earlier - left))
            trained_by_then |= left
            earlier |= set(encoders)
            yield Training(
                split,
                name,
                n_wanted=n_wanted,
                n_done=n_wanted - len(left),
                max_epochs=instrument.encoder.max_epochs,
                n_pairs=pairs.get(split),
                pairs_per_second=speed.get(name),
            )

    return [training for split in study.splits for training in trainings_on(split)]
