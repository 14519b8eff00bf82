{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_stale(ref('item_listings'), ['category', 'item_id'], 'listing_hash') }}",
    post_hook="{{ remember(ref('item_listings'), ['category', 'item_id'], 'listing_hash') }}",
) }}

with

pending as (
    {{ pending(ref('item_listings'), ['category', 'item_id'], 'listing_hash') }}
),

items as (
    select * from {{ source('raw', 'items') }}
),

-- The ingest keeps one line of an item; of rows that something else wrote there may be more, and the first stands.
listed as (
    select
        items.*,
        row_number() over (
            partition by items.category, items.item_id
            order by items.file, items.line_number
        ) as listing_number
    from items
    semi join pending
        on
            items.category = pending.category
            and items.item_id = pending.item_id
),

cleaned as (
    select
        category,
        item_id,
        {{ clean_text('title') }} as title,
        {{ clean_text("regexp_replace(brand, '^\\s*by\\s+', '')") }} as brand,
        {{ clean_text('description') }} as description,
        {{ clean_text('features') }} as features,
        string_split({{ clean_text("array_to_string(item_categories, '|')") }}, '|') as path
    from listed
    where listing_number = 1
),

final as (
    select
        category,
        item_id,
        {{ real_name('title') }} as title,
        {{ real_name('brand') }} as brand,
        coalesce(
            regexp_replace(description, '^(spid )?(short )?description not available[.]?$', '', 'i'), ''
        ) as description,
        coalesce(features, '') as features,
        {{ category_names('path') }} as category_path
    from cleaned
)

select * from final
