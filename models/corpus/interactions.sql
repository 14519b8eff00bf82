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

-- Read twice in a full build; to hold the whole table takes longer.
reviews as not materialized (
    select * from {{ ref('core_reviews') }}
),

candidates as {{ held_in_a_batch() }} (
    select
        splits.split,
        reviews.user_id,
        reviews.item_id,
        reviews.category,
        reviews.rating,
        reviews.reviewed_at,
        hash(splits.split, reviews.user_id, reviews.item_id) as key_hash
    from reviews
    inner join splits on reviews.category = splits.category
    semi join pending
        on
            splits.split = pending.split
            and reviews.user_id = pending.user_id
),

combined as (
    select split
    from splits
    group by split
    having count(*) > 1
),

-- A split of several categories may hold the same user and item twice: the earliest stays, as in one category.
shared as {{ held_in_a_batch() }} (
    select candidates.*
    from candidates
    semi join combined using (split)
),

later as (
    select * from
        {{ numbered_repeats('shared', ['split', 'user_id', 'item_id'], ['reviewed_at', 'category']) }} as repeats
    where review_number > 1
),

earliest as (
    select candidates.*
    from candidates
    anti join later using (split, user_id, item_id, category)
),

-- One window for both, so that histories are sorted once.
ordered as (
    select
        split,
        user_id,
        item_id,
        category,
        rating,
        reviewed_at,
        row_number() over history as position,
        count(*) over (history rows between unbounded preceding and unbounded following) as n_reviews
    from earliest
    window history as (
        partition by split, user_id
        order by reviewed_at, item_id
    )
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
