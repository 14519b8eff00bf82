"""How raters answered, in words."""

from typing import Any

from python_assets.report.raters import answers_in_words, is_nearly_constant, unread_share


def answers(*counts: int, **changes: Any) -> dict[str, Any]:
    row = {"counts": list(counts), "n_read": sum(counts), "n_answers": sum(counts), "n_personas": 10, "n_constant": 0}
    return row | {"elicitation": "likert"} | changes


def test_more_than_four_fifths_of_one_value_is_said_plainly() -> None:
    row = answers(93, 4, 2, 1, 0)
    assert is_nearly_constant(row)
    assert answers_in_words(row) == "It answers 1 to nearly everything (93% of the answers)."


def test_exactly_four_fifths_is_not_nearly_everything() -> None:
    row = answers(20, 20, 20, 20, 320)
    assert not is_nearly_constant(row)
    assert answers_in_words(row) == "It uses the whole scale."


def test_values_that_never_occur_are_named() -> None:
    assert answers_in_words(answers(0, 0, 20, 30, 50)) == "It never answers 1 or 2."


def test_constant_personas_and_unread_answers_are_counted() -> None:
    words = answers_in_words(answers(0, 0, 90, 0, 0, n_answers=100, n_constant=10))
    assert words == (
        "It answers 3 to everything. All of its 10 personas give every probe one and the same rating. "
        "10.0% of the answers could not be read as a rating."
    )


def test_expected_ratings_can_vary_where_the_integer_does_not() -> None:
    assert "still differ" in answers_in_words(answers(100, 0, 0, 0, 0, elicitation="expected"))


def test_no_readable_answer_at_all() -> None:
    row = answers(0, 0, 0, 0, 0, n_answers=40)
    assert unread_share(row) == 1
    assert answers_in_words(row) == "None of its 40 answers could be read as a rating."
