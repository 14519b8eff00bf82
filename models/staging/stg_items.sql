{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_stale(ref('item_listings'), ['category', 'item_id'], 'item_hash') }}",
    post_hook="{{ remember(ref('item_listings'), ['category', 'item_id'], 'item_hash') }}",
) }}

with

pending as (
    {{ pending(ref('item_listings'), ['category', 'item_id'], 'item_hash') }}
),

metadata as (
    select * from {{ ref('stg_item_metadata') }}
),

known as (
    select
        reviewed.category,
        reviewed.item_id,
        metadata.title,
        metadata.brand,
        coalesce(nullif(metadata.description, ''), metadata.features, '') as about,
        {{ opening_words('about', 80) }} as opening,
        concat_ws(' ', nullif(metadata.description, ''), nullif(metadata.features, '')) as details,
        coalesce(metadata.category_path[-1], {{ readable_category('reviewed.category') }}) as last_category,
        coalesce(
            nullif(array_to_string(metadata.category_path[-2:], ' > '), ''),
            {{ readable_category('reviewed.category') }}
        ) as item_category
    from pending as reviewed
    left join metadata
        on
            reviewed.category = metadata.category
            and reviewed.item_id = metadata.item_id
),

-- Where the catalogue's title is junk, brand, category and the description's start say what the item is.
titled as (
    select
        *,
        case
            when title is not null then 'title'
            when brand is not null or about != '' then 'description'
            else 'category_only'
        end as text_source,
        case text_source
            when 'title' then title
            when 'description'
                then concat_ws(' - ', concat_ws(': ', brand, last_category), nullif(opening, ''))
            else 'Unlisted ' || last_category || ' item'
        end as item_title
    from known
),

final as (
    select
        category,
        item_id,
        item_title,
        item_category,
        {{ truncate_text('about', 500) }} as item_description,
        brand,
        left(
            concat_ws(
                '. ',
                case when text_source != 'description' then rtrim(item_title, '. ') end,
                rtrim(brand, '.'),
                item_category,
                nullif(details, '')
            ),
            1000
        ) as item_text,
        md5(item_text) as text_hash,
        text_source
    from titled
)

select * from final
