"""What things are called in the report: metrics, populations, and the four kinds that share a colour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any, Literal, NamedTuple

Kind = Literal["real", "persona", "control", "synthetic"]
KINDS: tuple[Kind, ...] = ("real", "persona", "control", "synthetic")
KIND_WORDS: dict[Kind, str] = {
    "real": "real users",
    "persona": "personas",
    "control": "controls",
    "synthetic": "synthetic users and noise",
}

_REFERENCE_LABELS = {
    "real_subsample": "other real users (floor)",
    "random_baseline": "random noise (ceiling)",
    "synthetic_dirichlet": "synthetic: Dirichlet",
    "synthetic_gmm": "synthetic: Gaussian mixture",
    "synthetic_prototype": "synthetic: prototypes",
    "ignorant_rater": "ignorant rater",
}


_HEAD = 8
"""Letters of a name that stay when its middle is taken out."""


class Metric(NamedTuple):
    """A distributional metric: its heading, which way is better, and the factor it is printed with."""

    label: str
    higher_is_closer: bool
    scale: float
    unit: str


# The paper prints the three distances in units of 1e-3 (Table 2).
METRICS: dict[str, Metric] = {
    "coverage": Metric("Coverage", True, 1.0, ""),
    "fpd": Metric("FPD", False, 1e3, "×10⁻³"),
    "mmd": Metric("MMD", False, 1e3, "×10⁻³"),
    "swd": Metric("SWD", False, 1e3, "×10⁻³"),
    "cos_mean": Metric("Cosine", False, 1.0, ""),
}
FGI_METRICS = ("coverage", "fpd", "mmd", "swd")


class Population(NamedTuple):
    """One row label of tables and figures."""

    name: str
    label: str
    kind: Kind


def kind_of(name: str, source: str) -> Kind:
    """The colour group of a population; the random ceiling is a reference but nothing real."""
    if source == "reference":
        return "real" if name.startswith("real") else "synthetic"
    return {"persona": "persona", "control": "control"}.get(source, "synthetic")  # type: ignore[return-value]


def shorten(text: str, length: int) -> str:
    """The text, cut to a length with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def shorten_apart(texts: Iterable[str], length: int) -> dict[str, str]:
    """Each text cut to a length. Of those that would be cut alike, the middle goes, so that they can be told apart."""
    return _cut(list(dict.fromkeys(texts)), length, {text: text for text in texts})


def _cut(texts: list[str], length: int, shown: Mapping[str, str]) -> dict[str, str]:
    alike = defaultdict(list)
    for text in texts:
        alike[shorten(shown[text], length)].append(text)
    short: dict[str, str] = {}
    for cut, group in alike.items():
        shared = sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*group, strict=False)))
        rest = max(_HEAD, shared - _HEAD // 2)
        nearer = {text: f"{text[:_HEAD]}…{text[rest:]}" for text in group}
        # What differs in white space alone stays alike.
        alone = len(group) == 1 or all(shown[text] == nearer[text] for text in group)
        short |= dict.fromkeys(group, cut) if alone else _cut(group, length, nearer)
    return short


def population(row: Mapping[str, Any]) -> Population:
    """The label of a row that has ``population`` and ``source``."""
    name = row["population"]
    return Population(name, _REFERENCE_LABELS.get(name, name), kind_of(name, row["source"]))


def in_order(rows: Iterable[Mapping[str, Any]], study_order: Iterable[str]) -> list[Population]:
    """Distinct populations: real floor, personas, controls, synthetic, random; inside a kind as the study has them."""
    place = {name: number for number, name in enumerate(study_order)}
    distinct = {row["population"]: population(row) for row in rows}
    return sorted(
        distinct.values(),
        key=lambda p: (KINDS.index(p.kind), p.name == "random_baseline", place.get(p.name, len(place)), p.name),
    )
