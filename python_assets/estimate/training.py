"""Encoder trainings of a study: how many pairs, and how long at the speed that was seen."""

from __future__ import annotations

from typing import NamedTuple

from python_assets.estimate.seen import known_rows
from python_assets.study import Study
from python_assets.warehouse import Warehouse

PAIRS = "select split, sum(n_train_pairs)::bigint from corpus.users group by split"
TRAINED = "select split, config_hash, seed from ml.encoder_runs"
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
    """Training pairs; None before the corpus is there."""
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


def trainings_of(study: Study, warehouse: Warehouse | None) -> list[Training]:
    """Every instrument on every split, in the study's order."""
    pairs, speed = dict(known_rows(warehouse, PAIRS)), dict(known_rows(warehouse, SPEED))
    trained = set(known_rows(warehouse, TRAINED))
    own: dict[str, list[tuple[str, int]]] = {}
    for name, instrument in study.instruments.items():
        encoders = [(instrument.encoder.config_hash(), seed) for seed in study.encoder_seeds(name)]
        own[name] = [encoder for encoder in encoders if not any(encoder in others for others in own.values())]
    return [
        Training(
            split,
            name,
            n_wanted=len(own[name]),
            n_done=sum((split, *encoder) in trained for encoder in own[name]),
            max_epochs=instrument.encoder.max_epochs,
            n_pairs=pairs.get(split, 0 if pairs else None),
            pairs_per_second=speed.get(name),
        )
        for split in study.splits
        for name, instrument in study.instruments.items()
    ]
