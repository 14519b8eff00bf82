-- A pair's gap is the difference of its two ratings, and no smaller than the study asks.
{{ config(meta={'dagster': {'ref': {'name': 'preference_pairs'}}}) }}

select
    pairs.split,
    pairs.user_id,
    pairs.preferred_item_id,
    pairs.other_item_id
from {{ untested(ref('preference_pairs'), ['split', 'user_id']) }} as pairs
cross join {{ source('raw', 'study') }} as study
left join {{ beside_untested(ref('interactions'), ref('preference_pairs'), ['split', 'user_id']) }} as preferred
    on
        pairs.split = preferred.split
        and pairs.user_id = preferred.user_id
        and pairs.preferred_item_id = preferred.item_id
left join {{ beside_untested(ref('interactions'), ref('preference_pairs'), ['split', 'user_id']) }} as other
    on
        pairs.split = other.split
        and pairs.user_id = other.user_id
        and pairs.other_item_id = other.item_id
where
    pairs.rating_gap < study.pair_min_gap
    or pairs.rating_gap is distinct from preferred.rating - other.rating
