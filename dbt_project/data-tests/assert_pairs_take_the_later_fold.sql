-- A pair belongs to the later of its two items' folds: otherwise a test item trains.
{{ config(meta={'dagster': {'ref': {'name': 'preference_pairs'}}}) }}

with

folds as (
    select
        split,
        user_id,
        item_id,
        list_position(['train', 'validation', 'test'], fold) as fold_number
    from {{ beside_untested(ref('interactions'), ref('preference_pairs'), ['split', 'user_id']) }} as interactions
)

select
    pairs.split,
    pairs.user_id,
    pairs.preferred_item_id,
    pairs.other_item_id
from {{ untested(ref('preference_pairs'), ['split', 'user_id']) }} as pairs
inner join folds as preferred
    on
        pairs.split = preferred.split
        and pairs.user_id = preferred.user_id
        and pairs.preferred_item_id = preferred.item_id
inner join folds as other
    on
        pairs.split = other.split
        and pairs.user_id = other.user_id
        and pairs.other_item_id = other.item_id
where pairs.fold != ['train', 'validation', 'test'][greatest(preferred.fold_number, other.fold_number)]
