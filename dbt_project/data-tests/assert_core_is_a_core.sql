-- Every user and every item of a category's core has at least k reviews in it.
{{ config(meta={'dagster': {'ref': {'name': 'core_reviews'}}}) }}

with

counts as (
    select
        category,
        user_id,
        item_id,
        count(*) as n_reviews
    from {{ ref('core_reviews') }}
    group by grouping sets ((category, user_id), (category, item_id))
)

select counts.*
from counts
inner join {{ source('raw', 'study') }} as study on counts.n_reviews < study.core
