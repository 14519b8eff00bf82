{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_stale(ref('histories'), ['split', 'user_id'], 'history_hash') }}",
    post_hook="{{ remember(ref('histories'), ['split', 'user_id'], 'history_hash') }}",
) }}

with

pending as (
    {{ pending(ref('histories'), ['split', 'user_id'], 'history_hash') }}
),

splits as (
    select * from {{ source('raw', 'splits') }}
),

reviews as (
    select * from {{ ref('core_reviews') }}
),

-- A split of several categories may hold the same user and item twice: the earliest stays, as in one category.
candidates as (
    select
        splits.split,
        reviews.user_id,
        reviews.item_id,
        reviews.category,
        reviews.rating,
        reviews.reviewed_at,
        row_number() over (
            partition by splits.split, reviews.user_id, reviews.item_id
            order by reviews.reviewed_at, reviews.category
        ) as review_number
    from reviews
    inner join splits on reviews.category = splits.category
    semi join pending
        on
            splits.split = pending.split
            and reviews.user_id = pending.user_id
),

ordered as (
    select
        split,
        user_id,
        item_id,
        category,
        rating,
        reviewed_at,
        row_number() over (
            partition by split, user_id
            order by reviewed_at, item_id
        ) as position,
        count(*) over (partition by split, user_id) as n_reviews
    from candidates
    where review_number = 1
),

final as (
    select
        *,
        case
            when position <= 8 * n_reviews // 10 then 'train'
            when position <= 9 * n_reviews // 10 then 'validation'
            else 'test'
        end as fold
    from ordered
)

select * from final
