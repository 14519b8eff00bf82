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

(select * from expected except all select * from found)
union all
(select * from found except all select * from expected)
