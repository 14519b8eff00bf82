-- A split's interactions are the reviews of its member categories' cores, each user and item once.
{{ config(meta={'dagster': {'ref': {'name': 'interactions'}}}) }}

with

reviews as not materialized (
    select
        splits.split,
        core_reviews.user_id,
        core_reviews.item_id,
        core_reviews.category
    from {{ source('raw', 'splits') }} as splits
    inner join {{ ref('core_reviews') }} as core_reviews on splits.category = core_reviews.category
),

expected as not materialized (
    select * from {{ beside_untested('reviews', ref('interactions'), ['split', 'user_id']) }} as reviews
),

found as not materialized (
    select
        split,
        user_id,
        item_id,
        category
    from {{ untested(ref('interactions'), ['split', 'user_id']) }} as interactions
),

expected_sums as (
    select
        split,
        user_id,
        sum(hash(item_id, category)) as content
    from expected
    group by split, user_id
),

found_sums as (
    select
        split,
        user_id,
        sum(hash(item_id, category)) as content
    from found
    group by split, user_id
),

-- Only those whose sums differ are compared row by row: they reviewed an item in two categories, or something is wrong.
unlike as materialized (
    select
        split,
        user_id
    from expected_sums
    full join found_sums using (split, user_id)
    where expected_sums.content is distinct from found_sums.content
),

unlike_expected as (
    select expected.* from expected
    semi join unlike using (split, user_id)
),

unlike_found as (
    select found.* from found
    semi join unlike using (split, user_id)
)

select
    split,
    user_id,
    item_id
from unlike_expected
anti join unlike_found using (split, user_id, item_id)
union all
select
    split,
    user_id,
    item_id
from unlike_found
anti join unlike_expected using (split, user_id, item_id, category)
