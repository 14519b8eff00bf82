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

interactions as (
    select interactions.* from {{ ref('interactions') }} as interactions
    semi join pending using (split, user_id)
),

pairs as (
    select preference_pairs.* from {{ ref('preference_pairs') }} as preference_pairs
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
    select
        split,
        user_id,
        count(*) as n_pairs,
        count(*) filter (where fold = 'train') as n_train_pairs
    from pairs
    group by split, user_id
),

final as (
    select
        review_counts.split,
        review_counts.user_id,
        review_counts.n_reviews,
        review_counts.n_train_reviews,
        coalesce(pair_counts.n_pairs, 0) as n_pairs,
        coalesce(pair_counts.n_train_pairs, 0) as n_train_pairs,
        review_counts.mean_rating
    from review_counts
    left join pair_counts
        on
            review_counts.split = pair_counts.split
            and review_counts.user_id = pair_counts.user_id
)

select * from final
