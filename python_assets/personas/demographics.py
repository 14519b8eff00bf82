"""Demographic attributes of free-form personas (section 3.2): each drawn from its own marginal distribution."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from python_assets.seeds import derive_seed

ATTRIBUTES = ("age", "gender", "location", "occupation", "income", "education")
"""The slots of the demographic prompt, in its order."""


def draw_attributes(marginals: pa.Table, *, count: int, seed: int) -> list[dict[str, str]]:
    """Attributes of ``count`` people, independent of each other.

    The first people stay the same when more are asked for, and one attribute's draw does not depend on another's.

    Args:
        marginals: Columns ``attribute``, ``value`` and ``probability``; probabilities are scaled to add up to one
            within an attribute.
        count: How many people.
        seed: Seed of the draws.

    Raises:
        ValueError: An attribute has no values, or a probability is negative or not a number.
    """
    rows: dict[str, list[tuple[str, float]]] = {name: [] for name in ATTRIBUTES}
    columns = (marginals[name].to_pylist() for name in ("attribute", "value", "probability"))
    for attribute, value, probability in zip(*columns, strict=True):
        if attribute in rows:
            rows[attribute].append((str(value), float("nan") if probability is None else float(probability)))
    drawn = {name: _draw(name, sorted(rows[name]), count=count, seed=derive_seed(seed, name)) for name in ATTRIBUTES}
    return [{name: drawn[name][person] for name in ATTRIBUTES} for person in range(count)]


def _draw(attribute: str, marginal: list[tuple[str, float]], *, count: int, seed: int) -> list[str]:
    weights = np.array([probability for _, probability in marginal], dtype=float)
    if not len(weights) or not np.all(weights >= 0) or not 0 < weights.sum() < np.inf:
        raise ValueError(
            f"the marginal distribution of {attribute} is unusable: give it values with probabilities of zero or more"
        )
    values = [value for value, _ in marginal]
    chosen = np.random.default_rng(seed).choice(len(values), size=count, p=weights / weights.sum())
    return [values[index] for index in chosen]
