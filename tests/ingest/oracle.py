"""The rules for 2023 reviews once more, in plain Python, one line after another."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

Key = tuple[str, str, int]
Content = tuple[float, str | None, str | None]


class Outcome(NamedTuple):
    """What one file must lead to."""

    n_read: int
    n_accepted: int
    n_duplicate: int
    n_corrected: int
    rejected: list[tuple[int, str]]
    stored: dict[Key, Content]


def expect(data: bytes, stored: dict[Key, Content]) -> Outcome:
    """The outcome of reading ``data`` when ``stored`` is already there; times are in microseconds."""
    good: list[tuple[Key, Content]] = []
    rejected: list[tuple[int, str]] = []
    for number, raw in enumerate(data.replace(b"\r", b" ").split(b"\n"), start=1):
        if not raw.strip(b" \t"):
            continue
        parsed = _parse(raw)
        if isinstance(parsed, str):
            rejected.append((number, parsed))
        else:
            good.append(parsed)
    after = dict(stored)
    n_duplicate = n_corrected = 0
    # Up to the last line that says what is stored, a file repeats history.
    unchanged_until = {key: i for i, (key, content) in enumerate(good) if stored.get(key) == content}
    for i, (key, content) in enumerate(good):
        if i <= unchanged_until.get(key, -1) or (content == after.get(key)):
            n_duplicate += 1
        else:
            n_corrected += key in after
            after[key] = content
    n_accepted = len(good) - n_duplicate
    return Outcome(len(good) + len(rejected), n_accepted, n_duplicate, n_corrected, rejected, after)


def _parse(raw: bytes) -> tuple[Key, Content] | str:
    try:
        row: Any = json.loads(raw.decode())
    except UnicodeDecodeError:
        return "not valid UTF-8"
    except ValueError:
        return "not valid JSON"
    if not isinstance(row, dict):
        return "not a JSON object"
    user, item = _identifier(row.get("user_id")), _identifier(row.get("parent_asin"))
    if not user or not item:
        return f"{'item' if user else 'user'} id is missing, empty or not text"
    rating, time = _number(row.get("rating")), _number(row.get("timestamp"))
    if isinstance(rating, str):
        return f"rating is {rating}"
    if not 1 <= rating <= 5:
        return "rating is outside 1 to 5"
    if isinstance(time, str):
        return f"timestamp is {time}"
    for scale in (1, 1000):
        if 788_918_400 * scale <= time < 4_102_444_800 * scale:
            return (user, item, round(time * 1_000_000 / scale)), (rating, _text(row, "title"), _text(row, "text"))
    return "timestamp is not between the years 1995 and 2100"


def _identifier(value: Any) -> str:
    is_integer = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**64
    return str(value).replace("\0", "").strip() if is_integer or isinstance(value, str) else ""


def _number(value: Any) -> float | str:
    if value is None:
        return "missing"
    if isinstance(value, str) and not value.isascii():
        return "not a number"
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return "not a number"
    return "not a number" if math.isnan(number) else number


def _text(row: dict[str, Any], key: str) -> str | None:
    value = row.get(key)
    return None if value is None else value.replace("\0", "")[:100_000]
