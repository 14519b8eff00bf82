with

study as (
    select
        seed,
        pair_min_gap,
        max_pairs_per_user
    from {{ source('raw', 'study') }}
),

splits as (
    select * from {{ source('raw', 'splits') }}
),

states as (
    select * from {{ ref('core_states') }}
),

by_split as (
    select
        splits.split,
        states.user_id,
        hash(sum(hash(states.category, states.content_hash))) as history_hash
    from states
    inner join splits on states.category = splits.category
    group by splits.split, states.user_id
),

final as (
    select
        by_split.split,
        by_split.user_id,
        by_split.history_hash,
        hash(
            by_split.history_hash,
            study.pair_min_gap,
            study.max_pairs_per_user,
            case when study.max_pairs_per_user is not null then study.seed end
        ) as pairs_hash
    from by_split
    cross join study
)

select * from final
