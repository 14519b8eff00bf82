-- A pair's gap is the difference of its two ratings, and no smaller than the study asks; its fold is the later one of its
-- two items: otherwise a test item trains. Items are looked up by number, so that memory need not hold all names twice.
{{ config(meta={'dagster': {'ref': {'name': 'preference_pairs'}}}) }}

with

interactions as (
    select
        hash(split, user_id) as user_number,
        hash(item_id) as item_number,
        rating,
        list_position(['train', 'validation', 'test'], fold) as fold_number
    from {{ beside_untested(ref('interactions'), ref('preference_pairs'), ['split', 'user_id']) }} as interactions
)

select
    pairs.split,
    pairs.user_id,
    pairs.preferred_item_id,
    pairs.other_item_id
from {{ untested(ref('preference_pairs'), ['split', 'user_id']) }} as pairs
cross join {{ source('raw', 'study') }} as study
left join interactions as preferred
    on
        hash(pairs.split, pairs.user_id) = preferred.user_number
        and hash(pairs.preferred_item_id) = preferred.item_number
left join interactions as other
    on
        hash(pairs.split, pairs.user_id) = other.user_number
        and hash(pairs.other_item_id) = other.item_number
where
    pairs.rating_gap < study.pair_min_gap
    or pairs.rating_gap is distinct from preferred.rating - other.rating
    or pairs.fold is distinct from
    ['train', 'validation', 'test'][greatest(preferred.fold_number, other.fold_number)]
