"""The real small chat model, and requests to ask it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from python_assets.prompts import GROUNDED, RATING, fill
from python_assets.raters import smollm
from python_assets.raters.chat import ChatRequest, open_chat_model
from python_assets.raters.transformers_chat import TransformersChat
from python_assets.study import Rater

PERSONAS = (
    "Maria is a nurse of 34 who buys gentle, scent-free skin care and reads every label.",
    "Tom restores old motorcycles, loves strong smells of leather and oil, and buys whatever is cheapest.\n\nHe never "
    "shops for cosmetics, except for a hand cream in winter when his knuckles crack from the cold.",
)
ITEMS = (
    ("Argan Oil", "Hair Care", "A light oil for dry hair."),
    ("Fragrance-Free Hand Cream, 75 ml", "Skin Care", "Dermatologist tested; for cracked hands. " * 3),
    ("Nail Polish Set", "Nails", "not available"),
    ("Beard Comb of pear wood", "Shaving", "Hand made."),
    ("Perfume", "Fragrance", "Notes of leather, tobacco and vanilla, in a heavy glass flacon with a brass cap."),
)


@pytest.fixture(scope="session")
def smollm_installed() -> None:
    """Skip where the model's package is not installed."""
    if importlib.util.find_spec(smollm.PACKAGE) is None:
        pytest.skip(f"the small chat model is not installed: {smollm.INSTALL}")


@pytest.fixture(scope="session")
def chat(smollm_installed: None) -> Iterator[TransformersChat]:
    """SmolLM2 in this process."""
    model = open_chat_model(Rater(backend="transformers", model=smollm.NAME, options={"batch_size": 4}))
    assert isinstance(model, TransformersChat)
    yield model
    model.close()


@pytest.fixture(scope="session")
def rate_requests() -> list[ChatRequest]:
    """Two personas by five probes of different lengths."""
    return [
        ChatRequest(
            "rate",
            fill(RATING.system, persona_description=persona),
            fill(RATING.user, item_title=title, item_category=category, item_desc=description),
            seed=100 * number + probe,
        )
        for number, persona in enumerate(PERSONAS)
        for probe, (title, category, description) in enumerate(ITEMS)
    ]


@pytest.fixture(scope="session")
def write_requests() -> list[ChatRequest]:
    """Three grounded personas whose evidence differs in length."""
    block = [f'- rating 5 | {category} | {title} | "works well"' for title, category, _ in ITEMS]
    return [
        ChatRequest(
            "write",
            fill(GROUNDED.system, category_label="All Beauty"),
            fill(GROUNDED.user, top_items_block="\n".join(block[:n]), rating_hist="5 stars: 9", n_reviews=9),
            seed=n,
        )
        for n in (1, 3, 5)
    ]
