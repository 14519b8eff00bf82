"""What a row of an imported file must be; the first row that is not is named, and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from python_assets.imports.files import ImportFileError, shown
from python_assets.ingest.macros import MAX_TEXT_CHARS


class Rule(NamedTuple):
    """Rows that cannot be kept, and what is wrong with them."""

    broken: str
    """SQL over ``rows``: a query of row_number (NULL for a persona whom no row names) and one value for the sentence."""
    sentence: str
    """Follows "row N of FILE", or "FILE"; ``{}`` stands for the value."""


def without(column: str) -> Rule:
    """A column that is empty."""
    return Rule(f"select row_number, '' from rows where {column} is null", f"has no {column}: fill it in")


def too_long(column: str) -> Rule:
    """An id that the ingest would refuse."""
    return Rule(
        f"select row_number, {column} from rows where strlen({column}) > {MAX_TEXT_CHARS}",
        f"has more than {MAX_TEXT_CHARS:,} bytes as {column} ({{}}): shorten it",
    )


def twice(*columns: str) -> Rule:
    """A key that an earlier row has already."""
    key = ", ".join(columns)
    return Rule(
        f"select row_number, concat_ws(' and ', {key}) from rows"
        f" qualify row_number() over (partition by split, {key} order by row_number) > 1",
        f"repeats the {' and '.join(columns)} {{}}: keep one of them",
    )


UNKNOWN_SPLIT = Rule(
    "select row_number, split from rows where not list_contains($splits, split)",
    "is of the split {}, which the study does not have: it has {splits}",
)
UNKNOWN_SEED_USER = Rule(
    """
    select row_number, seed_user_id from rows
    where seed_user_id is not null and not exists (
        select 1 from corpus.users as users where users.split = rows.split and users.user_id = rows.seed_user_id
    )
    """,
    "names the seed user {}, who is no user of that split's corpus: leave it empty, or take it from corpus.users",
)
PERSONA_RULES = (
    without("persona_id"),
    without("persona_text"),
    too_long("persona_id"),
    UNKNOWN_SPLIT,
    twice("persona_id"),
    UNKNOWN_SEED_USER,
)
RATING_RULES = (
    without("persona_id"),
    without("item_id"),
    without("rating"),
    too_long("persona_id"),
    too_long("item_id"),
    UNKNOWN_SPLIT,
    Rule(
        "select row_number, rating from rows where coalesce(try_cast(rating as double) not between 1 and 5, true)",
        "has the rating {}: give a number from 1 to 5",
    ),
    Rule(
        "select row_number, rating from rows where $elicitation = 'likert' and try_cast(rating as double) % 1 <> 0",
        "has the rating {}, which is no whole number: write `elicitation: expected` under the population's rater",
    ),
    twice("persona_id", "item_id"),
    Rule(
        """
        select row_number, persona_id from rows
        qualify seed_user_id is distinct from first_value(seed_user_id) over (
            partition by split, persona_id order by row_number
        )
        """,
        "gives persona {} another seed_user_id than before: a persona stands for one user",
    ),
    UNKNOWN_SEED_USER,
)


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    rows: pa.Table,
    rules: Sequence[Rule],
    *,
    file: str,
    values: Mapping[str, Any],
) -> None:
    """Stop at the first rule that a row breaks.

    Args:
        connection: To the warehouse, for the rules that look at the corpus.
        rows: What was read, with row_number and split.
        rules: In the order in which they are tried.
        file: For the sentence.
        values: Parameters of the rules: ``splits``, ``elicitation``.

    Raises:
        ImportFileError: Names the row, and how many more there are.
    """
    connection.register("rows", rows)
    try:
        for rule in rules:
            used = {name: value for name, value in values.items() if f"${name}" in rule.broken}
            found = connection.execute(f"{rule.broken} order by all", used).fetchall()
            if found:
                row, value = found[0]
                sentence = rule.sentence.format(shown(value), splits=", ".join(values["splits"]))
                start, what = (f"Row {row} of {file}", "rows") if row else (file, "personas")
                more = f" ({len(found) - 1:,} more {what} are like it)" if len(found) > 1 else ""
                raise ImportFileError(f"{start} {sentence}{more}.")
    finally:
        connection.unregister("rows")
