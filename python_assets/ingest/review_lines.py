"""One checked review from each line of the three layouts, and the reasons to refuse a line."""

from __future__ import annotations

import json
from typing import NamedTuple

from python_assets.ingest.formats import RATINGS_HEADER, Format
from python_assets.ingest.lines import Reader

# Seconds and milliseconds from 1995 to 2100 do not overlap, so the size of the number tells them apart.
FIRST_SECOND, END_SECOND = 788_918_400, 4_102_444_800


class _Keys(NamedTuple):
    """What the fields of a review are called."""

    user: str
    item: str
    rating: str
    time: str
    title: str
    text: str


_KEYS: dict[Format, _Keys] = {
    "amazon_2023": _Keys("user_id", "parent_asin", "rating", "timestamp", "title", "text"),
    "amazon_2018": _Keys("reviewerID", "asin", "overall", "unixReviewTime", "summary", "reviewText"),
}


def _columns(keys: _Keys) -> dict[str, str]:
    return dict.fromkeys(keys[:4], "JSON") | dict.fromkeys(keys[4:], "VARCHAR")


def _json_fields(keys: _Keys) -> str:
    return f"""
    documents as (select line, try_cast(line as json) as document from lines),
    parsed as (select line, document, json_transform(document, '{json.dumps(_columns(keys))}') as field from documents),
    fields as (
        select
            line,
            json_problem(line, document) as line_problem,
            json_id(field."{keys.user}") as user_id,
            json_id(field."{keys.item}") as item_id,
            field."{keys.rating}" ->> '$' as rating,
            field."{keys.time}" ->> '$' as time,
            field."{keys.title}" as title,
            field."{keys.text}" as text
        from parsed
    )"""


# Only the usual: an id in quotes without escapes, a number without. Anything else is a problem, for the careful way to judge.
def _quick_fields(keys: _Keys) -> str:
    return f"""
    fields as (
        select
            '{{}}' as line,
            null::varchar as line_problem,
            plain_text("{keys.user}"::varchar) as user_id,
            plain_text("{keys.item}"::varchar) as item_id,
            "{keys.rating}"::varchar as rating,
            "{keys.time}"::varchar as time,
            "{keys.title}" as title,
            "{keys.text}" as text
        from documents
    )"""


# A field in quotes may hold commas and doubled quotes (RFC 4180); further columns are passed over. One that only ends with a
# quotation mark is the rest of a field with a line break in it.
_CSV_FIELD = r'\s*("(?:[^"]|"")*"|(?:[^",](?:[^,]*[^",\s])?)?)\s*'
_CSV_LINE = "^" + ",".join([_CSV_FIELD] * len(RATINGS_HEADER)) + "(?:,.*)?$"

_CSV_FIELDS = f"""
    parsed as (
        select line, regexp_extract(line, '{_CSV_LINE}', ['user_id', 'item_id', 'rating', 'time']) as field from lines
    ),
    fields as (
        select
            line,
            case
                when regexp_matches(line, '{_CSV_LINE}') then null
                when length(replace(line, '"', '')) % 2 <> length(line) % 2 then 'a quotation mark that is not closed on its line'
                else 'not the columns {",".join(RATINGS_HEADER)}'
            end as line_problem,
            csv_text(field.user_id) as user_id,
            csv_text(field.item_id) as item_id,
            csv_text(field.rating) as rating,
            csv_text(field.time) as time,
            null::varchar as title,
            null::varchar as text
        from parsed
    )"""


def reader(layout: Format) -> Reader:
    """How to make one checked review of a line."""
    keys = _KEYS.get(layout)
    if keys is None:
        return Reader(_checked(_CSV_FIELDS))
    return Reader(_checked(_json_fields(keys)), quick=_checked(_quick_fields(keys)), columns=_columns(keys))


def _checked(fields: str) -> str:
    return f""",
    {fields.lstrip()},
    typed as (
        select
            line,
            coalesce(line_problem, id_problem('user', user_id), id_problem('item', item_id)) as line_problem,
            clean_line(user_id) as user_id,
            clean_line(item_id) as item_id,
            rating as rating_given,
            try_cast(rating as double) as rating,
            time as time_given,
            try_cast(time as double) as time,
            clean(title) as title,
            clean(text) as text
        from fields
    ),
    timed as (
        select
            * exclude (time),
            time as time_number,
            case
                when time >= {FIRST_SECOND} and time < {END_SECOND} then make_timestamp(round(time * 1e6)::bigint)
                when time >= {FIRST_SECOND}e3 and time < {END_SECOND}e3 then make_timestamp(round(time * 1e3)::bigint)
            end as reviewed_at
        from typed
    ),
    checked as (
        select
            *,
            case
                when line_problem is not null then line_problem
                when user_id is null then 'user id is missing, empty or not text'
                when item_id is null then 'item id is missing, empty or not text'
                when rating_given is null then 'rating is missing'
                when rating is null or isnan(rating) then 'rating is not a number'
                when rating not between 1 and 5 then 'rating is outside 1 to 5'
                when time_given is null then 'timestamp is missing'
                when time_number is null or isnan(time_number) then 'timestamp is not a number'
                when reviewed_at is null then 'timestamp is not between the years 1995 and 2100'
            end as problem
        from timed
    )
    select
        is_blank_line(line) as is_blank, problem, case when problem is not null then excerpt_of(line) end as excerpt,
        user_id, item_id, reviewed_at, rating, title, text
    from checked
    """
