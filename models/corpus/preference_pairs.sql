-- A view: pairs follow from two rows of a history, and finding them takes a sixth of the time of writing them down.
{{ config(materialized='view') }}

with

study as (
    select
        seed,
        pair_min_gap,
        max_pairs_per_user
    from {{ without_database(source('raw', 'study')) }}
),

final as (
    select
        split,
        user_id,
        preferred_item_id,
        other_item_id,
        rating_gap,
        fold
    from {{ pairs_among(without_database(ref('interactions'))) }} as pairs
)

select * from final
