-- Every user and every item of a category's core has at least k reviews in it.
{{ config(meta={'dagster': {'ref': {'name': 'core_reviews'}}}) }}

with

core_reviews as (
    select * from {{ ref('core_reviews') }}
),

counts as (
    select
        category,
        'user' as side,
        user_id as id,
        count(*) as n_reviews
    from core_reviews
    group by category, user_id
    union all
    select
        category,
        'item' as side,
        item_id as id,
        count(*) as n_reviews
    from core_reviews
    group by category, item_id
)

select
    counts.category,
    counts.side,
    counts.id
from counts
inner join {{ source('raw', 'study') }} as study on counts.n_reviews < study.core
