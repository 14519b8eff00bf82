"""Identifiers in the form of Amazon's, without a table of those already given."""

from __future__ import annotations

import base64
import hashlib
import string

from python_assets.seeds import derive_seed

ALPHABET = string.digits + string.ascii_uppercase
_SPACE = len(ALPHABET) ** 8
# Odd, and divisible by neither 2 nor 3 (the primes of 36**8), so that the map below is one to one.
_STEP = 1_111_111_111_163


def user_id(seed: int, index: int) -> str:
    """Twenty-eight characters that start with A, as in ``AFSKPY37N3C43SOI5IEXEK5JSIYA``."""
    digest = hashlib.sha256(f"{seed}|user|{index}".encode()).digest()
    return "A" + base64.b32encode(digest)[:27].decode()


def item_ids(seed: int, count: int) -> list[str]:
    """Distinct ten-character ids that start with B0, as in ``B07J3GH1W1``."""
    offset = derive_seed(seed, "item ids")
    return [f"B0{_base36((offset + index * _STEP) % _SPACE)}" for index in range(count)]


def _base36(number: int) -> str:
    digits = []
    for _ in range(8):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)
