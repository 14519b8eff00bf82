{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_stale(ref('histories'), ['split', 'user_id'], 'pairs_hash') }}",
    post_hook="{{ remember(ref('histories'), ['split', 'user_id'], 'pairs_hash') }}",
) }}

with

pending as (
    {{ pending(ref('histories'), ['split', 'user_id'], 'pairs_hash') }}
),

study as (
    select
        seed,
        pair_min_gap,
        max_pairs_per_user
    from {{ source('raw', 'study') }}
),

interactions as {{ held_in_a_batch() }} (
    select interactions.* from {{ ref('interactions') }} as interactions
    semi join pending using (split, user_id)
),

review_counts as (
    select
        split,
        user_id,
        count(*) as n_reviews,
        count(*) filter (where fold = 'train') as n_train_reviews,
        avg(rating) as mean_rating
    from interactions
    group by split, user_id
),

pair_counts as (
    select * from {{ pair_counts_among('interactions') }} as counts
),

heavy as (
    select
        pair_counts.split,
        pair_counts.user_id
    from pair_counts
    inner join study on pair_counts.n_pairs > study.max_pairs_per_user
),

-- Which of a capped user's pairs train is known only when they are drawn.
capped as (
    select interactions.*
    from interactions
    semi join heavy using (split, user_id)
),

kept_counts as (
    select
        split,
        user_id,
        count(*) as n_pairs,
        count(*) filter (where fold = 'train') as n_train_pairs
    from {{ pairs_among('capped') }} as pairs
    group by split, user_id
),

final as (
    select
        review_counts.split,
        review_counts.user_id,
        review_counts.n_reviews,
        review_counts.n_train_reviews,
        coalesce(kept_counts.n_pairs, pair_counts.n_pairs, 0) as n_pairs,
        coalesce(kept_counts.n_train_pairs, pair_counts.n_train_pairs, 0) as n_train_pairs,
        review_counts.mean_rating
    from review_counts
    left join pair_counts using (split, user_id)
    left join kept_counts using (split, user_id)
)

select * from final
