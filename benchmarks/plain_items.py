"""Item texts and grounding evidence in pandas and Python's own regular expressions."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

PATTERNS = [
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"<(script|style)\b.*?</(script|style)>",
        r"<!--.*?-->",
        r"\[\[[A-Z]+:[^\]]*\]\]",
        r"</?[a-zA-Z][^<>]*>",
        r"<[a-zA-Z][a-zA-Z0-9]*\s+[a-zA-Z-]+\s*=[^<>]*$",
        r'^[^<>]*"\s*/>',
        r"\s+",
    )
]
JUNK = re.compile(r"getTime|function\s*\(|\bvar \w+ ?=|\b(document|window)\.\w|\{\s*[\w-]+\s*:[^}]*\}")


def clean_text(text: str | None) -> str:
    """Without entities, markup and runs of blanks."""
    if not text:
        return ""
    text = html.unescape(html.unescape(text)) if "&" in text else text
    for pattern in PATTERNS:
        text = pattern.sub(" ", text)
    return text.strip()


def real_name(text: str) -> str:
    """Empty for what is no name."""
    return "" if text.lower() in ("n/a", "na", "nan", "none", "null", "unknown") or JUNK.search(text) else text


def item_texts(reviewed: np.ndarray, listed: pd.DataFrame, category: str) -> pd.DataFrame:
    """Title, category, description and the text that is embedded, of each reviewed item."""
    rows = pd.DataFrame({"item_id": reviewed}).merge(listed.drop_duplicates("item_id"), on="item_id", how="left")
    readable = category.replace("_", " ")
    made = []
    for item in rows.itertuples(index=False):
        title, brand = (real_name(clean_text(_text(value))) for value in (item.title, item.brand))
        description, features = (clean_text(_text(value)) for value in (item.description, item.features))
        path = item.path if isinstance(item.path, list) else []
        path = list(dict.fromkeys(name.strip() for name in path if name.strip() and len(name) <= 60))
        last, shown = path[-1] if path else readable, " > ".join(path[-2:]) or readable
        about = description or features
        if not title:
            title = (
                " - ".join(filter(None, (": ".join(filter(None, (brand, last))), about[:80]))) if brand or about else ""
            )
        title = title or f"Unlisted {last} item"
        text = ". ".join(
            filter(None, (title.rstrip(". "), brand.rstrip("."), shown, f"{description} {features}".strip()))
        )
        made.append((item.item_id, title, shown, about[:500], text[:1000]))
    return pd.DataFrame(made, columns=["item_id", "item_title", "item_category", "item_description", "item_text"])


def grounding(
    histories: pd.DataFrame, seeds: pd.DataFrame, raw: Mapping[str, pd.DataFrame], texts: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The 20 best rated training reviews of each seed user, as lines."""
    shown = histories[(histories["fold"] == 0) & histories["user_id"].isin(seeds["user_id"])]
    shown = shown.sort_values(["user_id", "rating", "reviewed_at", "item_id"], ascending=[True, False, False, True])
    shown = shown.groupby("user_id").head(20)
    parts = []
    for category, rows in shown.groupby("category"):
        rows = rows.merge(
            raw[category][["user_id", "item_id", "reviewed_at", "title", "text"]],
            on=["user_id", "item_id", "reviewed_at"],
        )
        parts.append(rows.merge(texts[category][["item_id", "item_title", "item_category"]], on="item_id"))
    if not parts:
        return pd.DataFrame(columns=["user_id", "line"])
    rows = pd.concat(parts)
    lines = [
        f'- rating {row.rating:g} | {row.item_category} | {row.item_title[:80]} | "{(clean_text(row.text) or clean_text(row.title))[:200]}"'
        for row in rows.itertuples(index=False)
    ]
    return rows.assign(line=lines).groupby("user_id")["line"].agg("\n".join).reset_index()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
