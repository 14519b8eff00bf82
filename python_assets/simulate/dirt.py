"""What real files hold besides good lines: the same line twice, and lines that are no review."""

from __future__ import annotations

import numpy as np

from python_assets.simulate.settings import SimulationSettings

_DUPLICATE_WITHIN = 200


def with_duplicates(count: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Order in which lines are written when some are written twice, the second time a little later.

    Args:
        count: Lines.
        share: Share of them that is repeated.
        rng: Draws.

    Returns:
        Line indices, shape (count + repeated lines,).
    """
    repeated = np.flatnonzero(rng.random(count) < share)
    place = repeated + rng.integers(1, _DUPLICATE_WITHIN, size=len(repeated))
    order = np.argsort(np.concatenate([np.arange(count), place]), kind="stable")
    return np.concatenate([np.arange(count), repeated])[order]


def breakages(settings: SimulationSettings, *, block: int, blocks: int, category: int) -> list[int]:
    """Numbers of the broken lines that go into this block and category; they are spread evenly.

    Args:
        settings: The corpus.
        block: Which block of users.
        blocks: How many blocks there are.
        category: Index of the category.
    """
    total = settings.broken_lines
    first, last = (-(-edge * total // blocks) for edge in (block, block + 1))
    return [number for number in range(first, last) if number % len(settings.categories) == category]


def broken(line: str, number: int) -> str:
    """A good line spoilt in one of five ways, taken in turn.

    Cut in the middle, no JSON at all, a rating that is a word, no user, and bytes that are not UTF-8
    (as surrogates: encode with ``errors="surrogateescape"``).
    """
    good = line.rstrip("\n")
    spoilt = (
        good[: len(good) // 2],
        "HTTP 503 Service Unavailable",
        good.replace('{"rating": ', '{"rating": "five", "stars": ', 1),
        good.replace('"user_id": "', '"reviewer": "', 1),
        good.replace('"title": "', '"title": "\udcff\udcfe', 1),
    )
    return spoilt[number % len(spoilt)] + "\n"
