-- Every user of the histories has interactions, and nobody else: looked up for all, by their first reviews.
{{ config(meta={'dagster': {'ref': {'name': 'interactions'}}}) }}

with

users as (
    select
        split,
        user_id
    from {{ ref('interactions') }}
    where position = 1
)

select
    split,
    user_id
from {{ ref('histories') }}
full join users using (split, user_id)
where histories.user_id is null or users.user_id is null
