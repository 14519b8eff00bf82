"""Flags say what is unusual about a persona's text."""

from __future__ import annotations

import pytest

from python_assets.personas.flags import FLAGS, text_flags


def words(count: int) -> str:
    return " ".join(f"word{number}" for number in range(count))


@pytest.mark.parametrize(
    ("text", "status", "condition", "flags"),
    [
        (words(200), "ok", "grounded", []),
        (words(150), "ok", "grounded", []),
        (words(250), "ok", "grounded", []),
        (words(149), "ok", "grounded", ["under_length"]),
        (words(251), "ok", "demographic", ["over_length"]),
        (words(251), "ok", "backstory", []),
        (words(160), "truncated", "backstory", ["truncated", "under_length"]),
        ("As an AI language model, I " + words(200), "ok", "grounded", ["mentions_ai"]),
        ("I’m sorry, but I can’t help with that.", "ok", "grounded", ["under_length", "mentions_ai"]),
        ("likes soap very much " * 45, "ok", "grounded", ["repetitive"]),
        (f"{words(60)} {words(60)} {words(60)}", "ok", "grounded", ["repetitive"]),
        (f"{words(60)} {words(60)} {words(40)}", "ok", "grounded", ["repetitive"]),
        (f"{words(80)} {words(80)}", "ok", "grounded", []),
        # Sequences of three words: 19 say nothing, 20 do; half of them different is not fewer than half.
        ("very " * 21, "ok", "imported", []),
        ("very " * 22, "ok", "imported", ["repetitive"]),
        ("a b c d e f g h i j " * 2 + "a b", "ok", "imported", []),
        ("very much " * 10, "ok", "imported", []),
        (None, "empty", "grounded", ["empty"]),
        (" \n", "ok", "grounded", ["empty"]),
        (None, "too_long", "grounded", ["empty", "prompt_too_long"]),
    ],
)
def test_flags(text: str | None, status: str, condition: str, flags: list[str]) -> None:
    assert text_flags(text, status=status, condition=condition) == flags
    assert set(flags) <= set(FLAGS)


def test_a_persona_that_works_with_ai_is_not_a_refusal() -> None:
    text = "She maintains AI systems, cannot stand waste, and models. " + words(180)
    assert text_flags(text, status="ok", condition="grounded") == []
