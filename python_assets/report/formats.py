"""How numbers are printed. A missing value is an en dash, a minus is a minus sign."""

from __future__ import annotations

import math
import re

from markupsafe import Markup, escape

MISSING = "–"


def decimal(value: float | None, places: int = 3) -> str:
    """Fixed decimals, fewer for large values: 0.084, 8.71, 28.2, 1,240."""
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    places = 0 if size >= 1000 else min(places, 1) if size >= 100 else min(places, 2) if size >= 10 else places
    text = f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def scaled(value: float | None, scale: float) -> str:
    """About three significant digits of a value in units of 1/scale: 0.084, 1.30, 37.0, 272."""
    if value is None or not math.isfinite(value):
        return MISSING
    value *= scale
    return decimal(value, 3 if scale == 1 or abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0)


def count(value: float | None) -> str:
    """A whole number with thousands separators."""
    return MISSING if value is None or not math.isfinite(value) else f"{round(value):,}"


def percent(share: float | None, places: int = 0) -> str:
    """A share as a percentage."""
    return MISSING if share is None or not math.isfinite(share) else f"{100 * share:.{places}f}%"


def probability(value: float | None) -> str:
    """A p-value."""
    if value is None or not math.isfinite(value):
        return MISSING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def breakable(name: str) -> Markup:
    """A name as HTML that may go on in the next line after an underscore: a browser breaks it nowhere."""
    return escape(name).replace("_", Markup("_<wbr>"))


def with_code(text: str) -> Markup:
    """A sentence as HTML, with what stands between backticks set as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))
