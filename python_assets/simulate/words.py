"""Which words belong to which category."""

from __future__ import annotations

from python_assets.simulate import words_beauty, words_games, words_general, words_music, words_software
from python_assets.simulate.vocabulary import CategoryWords

KNOWN = {
    "All_Beauty": words_beauty.WORDS,
    "Musical_Instruments": words_music.WORDS,
    "Software": words_software.WORDS,
    "Video_Games": words_games.WORDS,
}


def words_of(category: str) -> CategoryWords:
    """The words of a category; one without its own list gets everyday goods."""
    return KNOWN.get(category) or words_general.WORDS._replace(main_category=category.replace("_", " "))
