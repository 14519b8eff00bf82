"""What a review under a known key means, and how it is written.

Nearly every line gives a review that was never seen: only lines that share the hash of their key with another line of
the file, or with a stored review, are compared.

The key of a review is (category, user, item, time). Lines that leave what is stored as it is are duplicates; a line
that changes the rating, title or text under its key is a correction, and the last one stands. A file that repeats an
earlier one's corrections up to the stored state changes nothing, so all those lines are duplicates. A rating-only file
knows no title and no text: it neither compares nor changes them.
"""

from __future__ import annotations

from python_assets.ingest.formats import Format

SAME_KEY = """
        stored.category = $category and stored.user_id = line.user_id and stored.item_id = line.item_id
        and stored.reviewed_at = line.reviewed_at"""


USABLE = "not line.is_blank and line.problem is null and line.line_number > $header_line"
COUNT_USABLE = f"select count(*) from numbered as line where {USABLE}"


def judge(layout: Format) -> str:
    """SQL that makes ``judged``: the ``outcome`` of each line that had to be compared, and whether it ``is_final`` for its
    key. Every other usable line is new."""
    known = "rating, null, null" if layout == "ratings_csv" else "rating, stored.title, stored.text"
    return f"""
    create or replace temp table judged as
    with keys as (
        select line.row_id, hash(line.user_id, line.item_id, line.reviewed_at) as key_hash
        from numbered as line
        where {USABLE}
    ),
    doubtful as materialized (
        select row_id
        from keys
        where
            key_hash in (select key_hash from keys group by key_hash having count(*) > 1)
            or key_hash in (select hash(user_id, item_id, reviewed_at) from raw.reviews where category = $category)
    ),
    keyed as (
        select
            line.row_id,
            line.line_number,
            line.user_id,
            line.item_id,
            line.reviewed_at,
            stored.user_id is not null as is_known,
            review_content(line.rating, line.title, line.text) as content,
            case when stored.user_id is not null then review_content(stored.{known}) end as stored_content
        from numbered as line
        semi join doubtful on line.row_id = doubtful.row_id
        left join raw.reviews as stored on {SAME_KEY}
    ),
    compared as (
        select
            *,
            lag(content) over (key order by row_id) as previous,
            max(case when content = stored_content then row_id end) over key as last_as_stored
        from keyed
        window key as (partition by user_id, item_id, reviewed_at)
    ),
    outcomes as (
        select
            *,
            case
                when row_id <= last_as_stored or content = previous then 'duplicate'
                when is_known or previous is not null then 'corrected'
                else 'new'
            end as outcome
        from compared
    )
    select
        row_id,
        line_number,
        is_known,
        outcome,
        coalesce(row_id = max(case when outcome <> 'duplicate' then row_id end) over key, false) as is_final
    from outcomes
    window key as (partition by user_id, item_id, reviewed_at)
    """


def update(layout: Format) -> str:
    """SQL that corrects stored reviews."""
    text_columns = "" if layout == "ratings_csv" else "title = line.title, text = line.text,"
    return f"""
    update raw.reviews as stored
    set rating = line.rating, {text_columns} file = $path, line_number = line.line_number, batch_id = $batch_id
    from (
        select staged.*, judged.line_number
        from judged
        inner join staged on staged.rowid = judged.row_id
        where judged.is_final and judged.is_known
    ) as line
    where {SAME_KEY}
    """


# A plain scan is written by all threads; one that is joined is not, and takes twice as long.
PASS_OVER = "delete from staged where rowid in (select row_id from judged where is_known or not is_final)"

INSERT = f"""
    insert into raw.reviews by name
    select
        $category as category, line.user_id, line.item_id, line.reviewed_at, line.rating, line.title, line.text,
        $path as file, line.line_number, $batch_id as batch_id
    from numbered as line
    where {USABLE}
"""
