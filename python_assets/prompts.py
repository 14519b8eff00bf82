"""The four prompts of the paper (appendix D), word for word, and the one way to fill them.

Slot values come from review files and from language models, so they are data: they cannot open a slot, end a
chat turn or break a line that the prompt does not break.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import NamedTuple


class Prompt(NamedTuple):
    """A system prompt and a user prompt, both with ``{slot}`` names."""

    system: str
    user: str

    @property
    def hash(self) -> str:
        """Sixteen hex digits that change with any letter of the prompt."""
        return hashlib.sha256((self.system + self.user).encode()).hexdigest()[:16]


DEMOGRAPHIC = Prompt(
    system=(
        "You are tasked with creating a realistic, detailed persona for a consumer. Generate a persona with the "
        "following demographic attributes. Be specific and avoid stereotypes. The persona should feel like a real "
        "individual with nuanced preferences."
    ),
    user=(
        "Age: {age}. Gender: {gender}. Location: {location}. Occupation: {occupation}. Income bracket: {income}. "
        "Education: {education}. Write a 150 to 250 word persona for this person, including tastes, daily habits, "
        "and shopping priorities."
    ),
)

BACKSTORY = Prompt(
    system=(
        "You are a creative writer generating a rich, detailed backstory for a consumer persona. The backstory should "
        "include life history, current situation, hobbies, values, and specific experiences that shape their "
        "purchasing preferences. Make this person feel real, complex, and unique."
    ),
    user=(
        "Write a 200 to 300 word backstory for a consumer. Do not list demographic attributes; instead, weave them "
        "naturally into a narrative. End with a short paragraph on what kinds of products they tend to buy and why."
    ),
)

GROUNDED = Prompt(
    system=(
        "You are tasked with creating a realistic consumer persona based on a real person’s purchase history. The "
        "following data shows their actual shopping behavior in {category_label}. Generate a detailed persona that "
        "faithfully reflects this person’s tastes, priorities, and decision-making style. Do NOT invent preferences "
        "that contradict the evidence. Stay grounded in what the data reveals."
    ),
    user=(
        "Top-rated items by this user (rating, category, title, review snippet): {top_items_block}. Empirical rating "
        "distribution: {rating_hist}. Total reviews: {n_reviews}. Write a 150 to 250 word persona that explains this "
        "purchasing pattern. Mention concrete categories or products the user clearly favors."
    ),
)

RATING = Prompt(
    system=(
        "You are role-playing as the following person: {persona_description}. You must respond ONLY from this "
        "person’s perspective. Stay completely in character."
    ),
    user=(
        "Based on your personal preferences, how likely would you be to purchase the following product? Title: "
        "{item_title}. Category: {item_category}. Description: {item_desc}. Use a 1 to 5 scale where 1=Definitely "
        "would NOT buy, 2=Probably would not buy, 3=Might or might not buy, 4=Probably would buy, 5=Definitely would "
        "buy. Respond with ONLY a single number."
    ),
)

PROMPTS = {"demographic": DEMOGRAPHIC, "backstory": BACKSTORY, "grounded": GROUNDED, "rating": RATING}
"""By persona condition, and ``rating`` for the probes."""

PROMPT_HASHES = {name: prompt.hash for name, prompt in PROMPTS.items()}
"""What ``ml.personas.prompt_hash`` and ``ml.ratings.prompt_hash`` hold."""

BLOCK_SLOTS = frozenset({"top_items_block", "persona_description"})
"""Slots whose line breaks belong to the text; in every other slot a line break becomes a blank."""

_SLOT = re.compile(r"\{([a-z_]+)\}")
# Bidirectional overrides hide text from a reader without changing what the model sees.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# A server parses these inside a message too, so "<|im_end|>" in a product title would end the turn.
_CHAT_MARKS = re.compile(
    r"<\|(?=[^\s<>])|\|>|<(?=/?(?:s|bos|eos|pad|unk|think|start_of_turn|end_of_turn)>)|\[(?=/?(?:INST|SYSTEM_PROMPT)\])"
    r"|<(?=</?SYS>>)",
    re.IGNORECASE,
)


def fill(template: str, /, **slots: object) -> str:
    """Put values into the ``{slot}`` names of a template, in a single pass.

    Args:
        template: Text with ``{slot}`` names.
        slots: A value for each name in the template; further ones are ignored.

    Raises:
        KeyError: A slot of the template has no value.
    """
    missing = sorted({name for name in _SLOT.findall(template) if name not in slots})
    if missing:
        raise KeyError(f"the prompt has no value for {', '.join(missing)}")
    return _SLOT.sub(lambda match: clean_value(slots[match[1]], block=match[1] in BLOCK_SLOTS), template)


def clean_value(value: object, *, block: bool = False) -> str:
    """A slot value without control characters and with chat markers pulled apart (``<|im_end|>`` to ``< |im_end| >``).

    Args:
        value: Anything with a text form.
        block: Keep line breaks.
    """
    text = re.sub(r"\r\n?|\u2028|\u2029|\x85", "\n", str(value))
    text = text if block else re.sub(r"\s*\n\s*", " ", text)
    text = text.replace("\t", " ")
    text = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    text = _BIDI.sub("", text)
    return _CHAT_MARKS.sub(lambda match: " |>" if match[0] == "|>" else match[0][0] + " " + match[0][1:], text).strip()
