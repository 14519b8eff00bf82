-- A split's interactions are the reviews of its member categories' cores, each user and item once.
{{ config(meta={'dagster': {'ref': {'name': 'interactions'}}}) }}

with

expected as (
    select distinct
        splits.split,
        reviews.user_id,
        reviews.item_id
    from {{ source('raw', 'splits') }} as splits
    inner join {{ ref('core_reviews') }} as reviews on splits.category = reviews.category
),

found as (
    select
        split,
        user_id,
        item_id
    from {{ ref('interactions') }}
)

select
    coalesce(expected.split, found.split) as split,
    coalesce(expected.user_id, found.user_id) as user_id,
    coalesce(expected.item_id, found.item_id) as item_id
from expected
full join found
    on
        expected.split = found.split
        and expected.user_id = found.user_id
        and expected.item_id = found.item_id
where
    expected.split is null
    or found.split is null
