"""One checked item from each line of the two metadata layouts, and the reasons to refuse a line.

``average_rating``, ``rating_number`` and ``rank`` are never read: they hold held-out ratings.
"""

from __future__ import annotations

from python_assets.ingest.formats import Format
from python_assets.ingest.lines import Reader

# The 2023 download holds `details` as an object, its hub copy as the text of one.
_FIELDS: dict[Format, str] = {
    "amazon_2023": """
            json_id(field.parent_asin) as item_id,
            array_to_string(json_texts(field.features), chr(10)) as features,
            coalesce(field.details ->> '$.Brand', try_cast(field.details ->> '$' as json) ->> '$.Brand') as brand,
            field.store as other_brand,
            json_texts(field.categories) as item_categories""",
    "amazon_2018": """
            json_id(field.asin) as item_id,
            array_to_string(json_texts(field.feature), chr(10)) as features,
            field.brand as brand,
            null::varchar as other_brand,
            json_texts(field.category) as item_categories""",
}
_SHAPES: dict[Format, str] = {
    "amazon_2023": """{"parent_asin": "JSON", "title": "VARCHAR", "description": "JSON", "features": "JSON",
        "details": "JSON", "store": "VARCHAR", "categories": "JSON"}""",
    "amazon_2018": """{"asin": "JSON", "title": "VARCHAR", "description": "JSON", "feature": "JSON",
        "brand": "VARCHAR", "category": "JSON"}""",
}


def reader(layout: Format) -> Reader:
    """How to make one checked item of a line."""
    return Reader(f""",
    documents as (select line, try_cast(line as json) as document from lines),
    parsed as (select line, document, json_transform(document, '{_SHAPES[layout]}') as field from documents),
    fields as (
        select
            line,
            json_problem(line, document) as line_problem,
            field.title as title,
            array_to_string(json_texts(field.description), chr(10)) as description,
            {_FIELDS[layout].strip()}
        from parsed
    ),
    typed as (
        select
            line,
            coalesce(line_problem, id_problem('item', item_id)) as line_problem,
            clean_line(item_id) as item_id,
            clean(title) as title,
            clean(description) as description,
            clean(features) as features,
            coalesce(clean_line(brand), clean_line(other_brand)) as brand,
            item_categories
        from fields
    ),
    checked as (
        select
            *,
            case
                when line_problem is not null then line_problem
                when item_id is null then 'item id is missing, empty or not text'
            end as problem
        from typed
    )
    select
        is_blank_line(line) as is_blank, problem, case when problem is not null then excerpt_of(line) end as excerpt,
        item_id, title, description, features, brand, item_categories,
        length(concat(title, description, features)) as n_characters,
        item_content(title, description, features, brand, item_categories) as content
    from checked
    """)
