{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_stale(ref('histories'), ['split', 'user_id'], 'pairs_hash') }}",
    post_hook="{{ remember(ref('histories'), ['split', 'user_id'], 'pairs_hash') }}",
) }}

-- depends_on: {{ ref('heavy_users') }}

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

interactions as (
    select interactions.* from {{ ref('interactions') }} as interactions
    semi join pending using (split, user_id)
),

pairs as not materialized (
    select
        preferred.split,
        preferred.user_id,
        preferred.item_id as preferred_item_id,
        other.item_id as other_item_id,
        preferred.rating - other.rating as rating_gap,
        -- Folds follow the positions, so the later item has the later fold.
        case
            when preferred.position > other.position then preferred.fold
            else other.fold
        end as fold
    from interactions as preferred
    inner join interactions as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.rating > other.rating
    cross join study
    where preferred.rating - other.rating >= study.pair_min_gap
),

-- Numbering a hundred million pairs is dear: it is done only when the study sets a cap.
numbered as (
    select
        pairs.*,
        study.max_pairs_per_user,
        row_number() over (
            partition by pairs.split, pairs.user_id
            order by
                md5(concat_ws('|', pairs.user_id, pairs.preferred_item_id, pairs.other_item_id, study.seed)),
                pairs.preferred_item_id,
                pairs.other_item_id
        ) as pair_number
    from pairs
    inner join study on study.max_pairs_per_user is not null
),

final as (
    select
        pairs.split,
        pairs.user_id,
        pairs.preferred_item_id,
        pairs.other_item_id,
        pairs.rating_gap,
        pairs.fold
    from pairs
    inner join study on study.max_pairs_per_user is null
    union all
    select
        split,
        user_id,
        preferred_item_id,
        other_item_id,
        rating_gap,
        fold
    from numbered
    where pair_number <= max_pairs_per_user
)

select * from final
