"""How the raters answered, in words."""

from __future__ import annotations

from python_assets.report.data import Row
from python_assets.report.formats import count, percent

NEARLY_ALL = 0.8


def unread_share(answers: Row) -> float:
    """Share of answers that are no rating from 1 to 5."""
    return 1 - answers["n_read"] / answers["n_answers"] if answers["n_answers"] else 0.0


def rating_shares(answers: Row) -> list[float]:
    """Shares of the ratings 1 to 5 among the answers that could be read."""
    total = sum(answers["counts"]) or 1
    return [n / total for n in answers["counts"]]


def is_nearly_constant(answers: Row) -> bool:
    """Whether more than four in five ratings are one and the same value."""
    return max(rating_shares(answers)) > NEARLY_ALL


def answers_in_words(answers: Row) -> str:
    """One or two plain sentences about a row of the ``ANSWERS`` query."""
    if answers["n_read"] == 0:
        return f"None of its {count(answers['n_answers'])} answers could be read as a rating."
    shares = rating_shares(answers)
    top = max(range(5), key=shares.__getitem__)
    sentences = []
    if shares[top] == 1:
        sentences.append(f"It answers {top + 1} to everything.")
    elif shares[top] > NEARLY_ALL:
        sentences.append(f"It answers {top + 1} to nearly everything ({percent(shares[top])} of the answers).")
    elif unused := [str(value + 1) for value in range(5) if shares[value] == 0]:
        sentences.append(f"It never answers {' or '.join(unused)}.")
    else:
        sentences.append("It uses the whole scale.")
    if answers["elicitation"] == "expected" and is_nearly_constant(answers) and not answers["n_constant"]:
        sentences.append("Its expected ratings, means over the probabilities of 1 to 5, still differ between probes.")
    if answers["n_constant"]:
        of_all = "all" if answers["n_constant"] == answers["n_personas"] else count(answers["n_constant"])
        sentences.append(
            f"{of_all.capitalize()} of its {count(answers['n_personas'])} personas give every probe one and the "
            "same rating."
        )
    if unread := unread_share(answers):
        sentences.append(f"{percent(unread, 1)} of the answers could not be read as a rating.")
    return " ".join(sentences)
