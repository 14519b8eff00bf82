-- Told before the pairs are made: all of a user's pairs follow from how often each rating was given.
with

study as (
    select
        pair_min_gap,
        max_pairs_per_user
    from {{ source('raw', 'study') }}
),

rated as (
    select
        split,
        user_id,
        rating,
        count(*) as n_items
    from {{ ref('interactions') }}
    group by split, user_id, rating
),

predicted as (
    select
        preferred.split,
        preferred.user_id,
        study.max_pairs_per_user,
        cast(sum(preferred.n_items * other.n_items) as bigint) as predicted_pairs
    from rated as preferred
    inner join rated as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.rating > other.rating
    inner join study on preferred.rating - other.rating >= study.pair_min_gap
    group by preferred.split, preferred.user_id, study.max_pairs_per_user
),

final as (
    select
        split,
        user_id,
        predicted_pairs,
        least(predicted_pairs, max_pairs_per_user) as kept_pairs,
        'pairs.max_pairs_per_user' as setting
    from predicted
    where predicted_pairs > 100000
)

select * from final
