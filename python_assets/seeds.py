"""One rule for turning the study's seed into the seed of a single draw."""

from __future__ import annotations

import hashlib


def derive_seed(root: int, *names: object) -> int:
    """A seed in [0, 2**31) that depends on the root seed and on what is drawn, not on the order of draws.

    Args:
        root: The study's seed.
        names: What the draw is for, such as the split, the population and the resample.
    """
    text = "|".join([str(root), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
