{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_stale(ref('grounding_states'), ['split', 'user_id'], 'evidence_hash') }}",
    post_hook="{{ remember(ref('grounding_states'), ['split', 'user_id'], 'evidence_hash') }}",
) }}

with

pending as (
    {{ pending(ref('grounding_states'), ['split', 'user_id'], 'evidence_hash') }}
),

study as (
    select
        grounding_window,
        top_items
    from {{ source('raw', 'study') }}
),

interactions as (
    select * from {{ ref('interactions') }}
),

visible as (
    select
        pending.split,
        pending.user_id,
        interactions.item_id,
        interactions.category,
        interactions.rating,
        interactions.reviewed_at,
        study.top_items,
        row_number() over (
            partition by pending.split, pending.user_id
            order by interactions.rating desc, interactions.reviewed_at desc, interactions.item_id asc
        ) as evidence_rank
    from pending
    inner join interactions
        on
            pending.split = interactions.split
            and pending.user_id = interactions.user_id
    cross join study
    where interactions.fold = 'train' or study.grounding_window = 'all'
),

final as (
    select
        split,
        user_id,
        item_id,
        category,
        rating,
        evidence_rank,
        evidence_rank <= top_items as is_top_item
    from visible
)

select * from final
