with

study as (
    select
        pair_min_gap,
        max_pairs_per_user
    from {{ source('raw', 'study') }}
),

users as (
    select * from {{ ref('users') }}
),

-- A capped user may have many more pairs than are kept.
candidates as (
    select users.*
    from users
    inner join study on users.n_pairs > 100000 or users.n_pairs >= study.max_pairs_per_user
),

interactions as (
    select interactions.*
    from {{ ref('interactions') }} as interactions
    semi join candidates using (split, user_id)
),

predicted as (
    select * from {{ pair_counts_among('interactions') }} as counts
),

final as (
    select
        candidates.split,
        candidates.user_id,
        predicted.n_pairs as predicted_pairs,
        candidates.n_pairs as kept_pairs,
        'pairs.max_pairs_per_user' as setting
    from candidates
    inner join predicted using (split, user_id)
    where predicted.n_pairs > 100000
)

select * from final
