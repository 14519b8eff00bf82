"""One checked review from each line of the three layouts, and the reasons to refuse a line."""

from __future__ import annotations

from python_assets.ingest.formats import RATINGS_HEADER, Format

# Seconds and milliseconds from 1995 to 2100 do not overlap, so the size of the number tells them apart.
FIRST_SECOND, END_SECOND = 788_918_400, 4_102_444_800


def _json_fields(*, user: str, item: str, rating: str, time: str, title: str, text: str) -> str:
    shape = (
        f'{{"{user}": "JSON", "{item}": "JSON", "{rating}": "JSON", "{time}": "JSON", '
        f'"{title}": "VARCHAR", "{text}": "VARCHAR"}}'
    )
    return f"""
    documents as (select line, try_cast(line as json) as document from lines),
    parsed as (select line, document, json_transform(document, '{shape}') as field from documents),
    fields as (
        select
            line,
            json_problem(line, document) as line_problem,
            json_id(field."{user}") as user_id,
            json_id(field."{item}") as item_id,
            field."{rating}" ->> '$' as rating,
            field."{time}" ->> '$' as time,
            field."{title}" as title,
            field."{text}" as text
        from parsed
    )"""


# A field in quotes may hold commas and doubled quotes (RFC 4180); further columns are passed over.
_CSV_FIELD = r'\s*("(?:[^"]|"")*"|(?:[^",][^,]*)?)\s*'
_CSV_LINE = "^" + ",".join([_CSV_FIELD] * len(RATINGS_HEADER)) + "(?:,.*)?$"

_CSV_FIELDS = f"""
    parsed as (
        select line, regexp_extract(line, '{_CSV_LINE}', ['user_id', 'item_id', 'rating', 'time']) as field from lines
    ),
    fields as (
        select
            line,
            case
                when not regexp_matches(line, '{_CSV_LINE}') then 'not the columns {",".join(RATINGS_HEADER)}'
            end as line_problem,
            csv_text(field.user_id) as user_id,
            csv_text(field.item_id) as item_id,
            csv_text(field.rating) as rating,
            csv_text(field.time) as time,
            null::varchar as title,
            null::varchar as text
        from parsed
    )"""

FIELDS: dict[Format, str] = {
    "amazon_2023": _json_fields(
        user="user_id", item="parent_asin", rating="rating", time="timestamp", title="title", text="text"
    ),
    "amazon_2018": _json_fields(
        user="reviewerID", item="asin", rating="overall", time="unixReviewTime", title="summary", text="reviewText"
    ),
    "ratings_csv": _CSV_FIELDS,
}


def reader(layout: Format) -> str:
    """The ``select`` over ``lines`` that yields one checked review a line (see ``lines.py``)."""
    return f""",
    {FIELDS[layout].lstrip()},
    typed as (
        select
            line,
            line_problem,
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
