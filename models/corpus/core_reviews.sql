{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_stale(ref('core_states'), ['category', 'user_id'], 'reviews_hash') }}",
    post_hook="{{ remember(ref('core_states'), ['category', 'user_id'], 'reviews_hash') }}",
) }}

with

pending as (
    {{ pending(ref('core_states'), ['category', 'user_id'], 'reviews_hash') }}
),

items as (
    select
        category,
        id as item_id
    from {{ ref('core_members') }}
    where side = 'item'
),

final as (
    select
        reviews.category,
        reviews.user_id,
        reviews.item_id,
        reviews.rating,
        reviews.reviewed_at,
        reviews.file,
        reviews.line_number,
        reviews.batch_id
    from {{ ref('stg_reviews') }} as reviews
    semi join pending using (category, user_id)
    semi join items using (category, item_id)
)

select * from final
