"""What a test wants in the warehouse: splits, instruments and populations with the scores they shall have."""

from __future__ import annotations

from dataclasses import dataclass, field

SEED = 42
FLOOR = 0.95
# Population: source, coverage, mean cosine.
REFERENCES = {
    "real_subsample": ("reference", FLOOR, 0.28),
    "random_baseline": ("reference", 0.02, 0.25),
    "synthetic_dirichlet": ("synthetic", 0.87, 0.46),
    "synthetic_gmm": ("synthetic", 0.61, 0.30),
    "synthetic_prototype": ("synthetic", 0.0, 0.12),
}


@dataclass(frozen=True)
class Instrument:
    """What ``results.instrument_reliability`` says, and how well a perfect rater does."""

    verdict: str | None = "faithful"
    retest: float | None = 0.71
    perfect: float | None = 0.94
    ignorant: float | None = 0.96


@dataclass(frozen=True)
class Personas:
    """One population and its coverage under every instrument."""

    name: str
    condition: str = "grounded"
    backend: str = "transformers"
    model: str | None = "smollm2-135m-instruct"
    coverage: dict[str, float] = field(default_factory=dict)
    cosine: float = 0.97
    rank_accuracy: float | None = 0.74
    ratings: tuple[float, ...] = (0.05, 0.1, 0.25, 0.4, 0.2)
    n: int = 60
    unplaceable: int = 0
    unread: float = 0.0
    text: str | None = "I buy hair care that smells good.\nI never spend more than $20 on a brush."
    flags: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return "control" if self.condition == "control" else "persona"

    @property
    def is_paired(self) -> bool:
        return self.condition in ("grounded", "control")


PAPER = Instrument("compresses and not repeatable", 0.02, 0.36, 0.97)
CALIBRATED = Instrument("faithful", 0.71, 0.94, 0.31)
GROUNDED = Personas("grounded_smollm2", coverage={"paper": 0.05, "calibrated": 0.09}, flags=("truncated",))
PERFECT = Personas(
    "perfect",
    condition="control",
    backend="perfect",
    model=None,
    coverage={"paper": 0.36, "calibrated": 0.94},
    cosine=0.7,
    rank_accuracy=0.97,
    ratings=(0.2, 0.2, 0.2, 0.2, 0.2),
    text=None,
)
CONSTANT = Personas(
    "constant",
    condition="control",
    backend="constant",
    model=None,
    rank_accuracy=None,
    ratings=(0, 0, 1, 0, 0),
    unplaceable=60,
    text=None,
)


@dataclass(frozen=True)
class World:
    """What is in the warehouse."""

    splits: tuple[str, ...] = ("All_Beauty",)
    instruments: dict[str, Instrument] = field(default_factory=lambda: {"paper": PAPER, "calibrated": CALIBRATED})
    populations: tuple[Personas, ...] = (GROUNDED, PERFECT, CONSTANT)
    n_users: int = 80
    n_probes: int = 10
