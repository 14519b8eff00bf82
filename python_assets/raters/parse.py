"""From an answer's text to a rating."""

from __future__ import annotations

_RATINGS = {str(rating): rating for rating in range(1, 6)}


def parse_likert(text: str | None) -> tuple[int | None, str]:
    """The rating in an answer, strictly: nothing but one digit from 1 to 5 counts (Table 5: only integers are valid).

    A lenient reading would make ratings out of "I'd give it 5 out of 10" or "1-2".

    Returns:
        The rating and ``ok``, or nothing and ``empty`` or ``unparsed``.
    """
    answer = (text or "").strip()
    if not answer:
        return None, "empty"
    rating = _RATINGS.get(answer)
    return (None, "unparsed") if rating is None else (rating, "ok")
