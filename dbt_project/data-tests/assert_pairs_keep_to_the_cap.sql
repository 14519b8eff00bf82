-- No user has more pairs than the study allows.
{{ config(meta={'dagster': {'ref': {'name': 'users'}}}) }}

select
    users.split,
    users.user_id,
    users.n_pairs
from {{ untested(ref('users'), ['split', 'user_id']) }} as users
inner join {{ source('raw', 'study') }} as study on users.n_pairs > study.max_pairs_per_user
