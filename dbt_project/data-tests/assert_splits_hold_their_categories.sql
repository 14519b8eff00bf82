-- A split's interactions are the reviews of its member categories' cores, each user and item once. A build compares the
-- reviews of untested users; that no user is missing or too many it looks up for all.
{{ config(meta={'dagster': {'ref': {'name': 'interactions'}}}) }}

with

reviews as (
    select
        splits.split,
        core_reviews.user_id,
        core_reviews.item_id
    from {{ source('raw', 'splits') }} as splits
    inner join {{ ref('core_reviews') }} as core_reviews on splits.category = core_reviews.category
),

expected as (
    select distinct * from {{ beside_untested('reviews', ref('interactions'), ['split', 'user_id']) }} as reviews
),

found as (
    select
        split,
        user_id,
        item_id
    from {{ untested(ref('interactions'), ['split', 'user_id']) }} as interactions
),

wrong_users as (
    select
        split,
        user_id
    from {{ ref('histories') }}
    anti join {{ ref('interactions') }} using (split, user_id)
    union all
    select distinct
        split,
        user_id
    from {{ ref('interactions') }}
    anti join {{ ref('histories') }} using (split, user_id)
)

select
    split,
    user_id,
    null as item_id
from wrong_users
union all
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
