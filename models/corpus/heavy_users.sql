with

users as (
    select * from {{ ref('users') }}
),

final as (
    select
        split,
        user_id,
        predicted_pairs,
        n_pairs as kept_pairs,
        'pairs.max_pairs_per_user' as setting
    from users
    where predicted_pairs > 100000
)

select * from final
