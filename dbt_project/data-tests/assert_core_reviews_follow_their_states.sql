-- Every user of a core has the reviews that the user's state was made from, no more and no fewer.
{{ config(meta={'dagster': {'ref': {'name': 'core_reviews'}}}) }}

with

found as (
    select
        category,
        user_id,
        hash(count(*), sum(hash(item_id, rating, reviewed_at))) as content_hash
    from {{ ref('core_reviews') }}
    group by category, user_id
)

select
    category,
    user_id
from {{ ref('core_states') }} as states
full join found using (category, user_id)
where states.content_hash is distinct from found.content_hash
