"""Small SQL functions that the readers share. Temporary: they live as long as the connection."""

from __future__ import annotations

EXCERPT_CHARS = 200
MAX_TEXT_CHARS = 100_000
"""Longer titles, texts, descriptions and feature lists are cut here."""

WHITE_SPACE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What is trimmed from ids and brands; no such character comes later in Unicode."""

_BLANKS = "chr(32) || chr(9) || chr(13)"

MACROS = f"""
-- Cheap tests first: searching for a byte costs far less than rewriting every text. An argument is put in wherever its
-- name stands and may be computed each time, so give these a column.
create or replace temp macro clean(value) as
    case
        when strlen(value) <= {MAX_TEXT_CHARS} and not contains(value, chr(0)) then value
        else left(replace(value, chr(0), ''), {MAX_TEXT_CHARS})
    end;
-- Trimming costs more than to see that there is nothing to trim.
create or replace temp macro clean_line(value) as
    case
        when regexp_full_match(value, '[!-~]+') and strlen(value) <= {MAX_TEXT_CHARS} then value
        else nullif(trim(clean(value), '{WHITE_SPACE}'), '')
    end;
create or replace temp macro excerpt_of(line) as left(replace(line, chr(0), ''), {EXCERPT_CHARS});
-- '!' follows the blank: a line from there on starts with something to read.
create or replace temp macro is_blank_line(line) as
    case when line >= '!' then false else coalesce(trim(line, {_BLANKS}), '') = '' end;

create or replace temp macro json_problem(line, document) as
    case
        when document is null then 'not valid JSON'
        when starts_with(line, '{{') or (line < '!' and starts_with(ltrim(line, {_BLANKS}), '{{')) then null
        else 'not a JSON object'
    end;
-- Ids that are lists, objects or truth values are no ids.
create or replace temp macro json_id(value) as
    case when json_type(value) in ('VARCHAR', 'UBIGINT', 'BIGINT') then value ->> '$' end;
-- Cut like a text, two long ones that begin alike would be one person's.
create or replace temp macro id_problem(kind, value) as
    case when strlen(value) > {MAX_TEXT_CHARS} then kind || ' id is longer than {MAX_TEXT_CHARS:,} bytes' end;
-- A JSON string that needs no decoding.
create or replace temp macro plain_text(value) as
    case
        when starts_with(value, '"') and not contains(value, chr(92)) then substring(value, 2, length(value) - 2)
    end;
-- The non-empty elements of a list of texts; a text alone is a list of one.
create or replace temp macro json_texts(value) as
    list_filter(
        list_transform(
            case json_type(value)
                when 'ARRAY' then json_transform(value, '["VARCHAR"]')
                when 'VARCHAR' then [value ->> '$']
            end,
            lambda x: trim(replace(x, chr(0), ''))
        ),
        lambda x: x <> ''
    );

-- Fingerprints of what may change under a key. Cleaned strings hold no chr(0), and the two flags tell NULL from empty.
create or replace temp macro review_content(rating, title, text) as
    md5_number(concat(rating, title is null, text is null, chr(0), title, chr(0), text));
create or replace temp macro item_content(title, description, features, brand, item_categories) as
    md5_number(json_array(title, description, features, brand, item_categories)::varchar);

create or replace temp macro csv_text(value) as
    case when starts_with(value, '"') then replace(value[2:-2], '""', '"') else nullif(trim(value), '') end
"""
