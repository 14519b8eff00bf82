"""What is unusual about a persona's text. Flags inform; only an empty text keeps a persona from being rated."""

from __future__ import annotations

import re

FLAGS = {
    "empty": "no text: the persona is kept and not rated",
    "prompt_too_long": "the evidence did not fit the model's context, so nothing was asked",
    "truncated": "the text hit the token cap",
    "under_length": "fewer words than the prompt asks for",
    "over_length": "more words than the prompt asks for",
    "mentions_ai": "the model speaks of itself as an AI, or refuses",
    "repetitive": "most three-word sequences occur more than once: the model got stuck",
}
"""Every flag and what it means."""

WORDS = {"demographic": (150, 250), "backstory": (200, 300), "grounded": (150, 250)}
"""Least and most words that the prompts ask for (appendix D)."""

_AI = re.compile(
    r"\bas an ai\b|\bai assistant\b|\blanguage model\b|\bi(?:['’]| a)m sorry, but\b"
    r"|\bi (?:can(?:no|['’])t|am unable to) (?:assist|help|create|generate|fulfill)\b",
    re.IGNORECASE,
)


def text_flags(text: str | None, *, status: str, condition: str) -> list[str]:
    """Flags of one text, in the order of ``FLAGS``.

    Args:
        text: The persona.
        status: Status of the answer that it came with.
        condition: Persona condition; decides the length asked for, if any was.
    """
    words = (text or "").split()
    if not words:
        return ["empty", "prompt_too_long"] if status == "too_long" else ["empty"]
    least, most = WORDS.get(condition, (0, len(words)))
    triples = [tuple(words[i : i + 3]) for i in range(len(words) - 2)]
    found = {
        "truncated": status == "truncated",
        "under_length": len(words) < least,
        "over_length": len(words) > most,
        "mentions_ai": _AI.search(text or "") is not None,
        "repetitive": len(triples) >= 20 and 2 * len(set(triples)) < len(triples),
    }
    return [name for name in FLAGS if found.get(name)]
