"""What an item given more than once means, and how it is written.

The key of an item is (category, item). Of several lines in one file the one with the longest title, description and
features stands (the first of equals) and the others are duplicates. Against what an earlier file gave, the standing
line is a correction when anything differs, else a duplicate.
"""

from __future__ import annotations

JUDGE = """
    create or replace temp table judged as
    with ranked as (
        select
            row_id,
            line_number,
            item_id,
            content,
            row_number() over (partition by item_id order by n_characters desc, row_id) = 1 as stands
        from numbered
        where not is_blank and problem is null
    ),
    compared as (
        select
            ranked.*,
            stored.item_id is not null as is_known,
            ranked.content = item_content(
                stored.title, stored.description, stored.features, stored.brand, stored.item_categories
            ) as is_same
        from ranked
        left join raw.items as stored on stored.category = $category and stored.item_id = ranked.item_id
    )
    select
        row_id,
        line_number,
        is_known,
        case
            when not stands or (is_known and is_same) then 'duplicate'
            when is_known then 'corrected'
            else 'new'
        end as outcome,
        outcome <> 'duplicate' as is_final
    from compared
"""

UPDATE = """
    update raw.items as stored
    set
        title = line.title, description = line.description, features = line.features, brand = line.brand,
        item_categories = line.item_categories, file = $path, line_number = line.line_number, batch_id = $batch_id
    from (
        select staged.*, judged.line_number
        from judged
        inner join staged on staged.rowid = judged.row_id
        where judged.is_final and judged.is_known
    ) as line
    where stored.category = $category and stored.item_id = line.item_id
"""

INSERT = """
    insert into raw.items by name
    select
        $category as category, line.item_id, line.title, line.description, line.features, line.brand,
        line.item_categories, $path as file, judged.line_number, $batch_id as batch_id
    from judged
    inner join staged as line on line.rowid = judged.row_id
    where judged.is_final and not judged.is_known
"""
