-- No user has more pairs than the study allows.
{{ config(meta={'dagster': {'ref': {'name': 'preference_pairs'}}}) }}

select
    pairs.split,
    pairs.user_id,
    count(*) as n_pairs
from {{ untested(ref('preference_pairs'), ['split', 'user_id']) }} as pairs
cross join {{ source('raw', 'study') }} as study
group by pairs.split, pairs.user_id, study.max_pairs_per_user
having count(*) > study.max_pairs_per_user
