with

study as (
    select
        grounding_window,
        top_items
    from {{ source('raw', 'study') }}
),

seed_users as (
    select * from {{ ref('seed_users') }}
),

interactions as (
    select * from {{ ref('interactions') }}
),

visible as (
    select
        seed_users.split,
        seed_users.user_id,
        interactions.item_id,
        interactions.category,
        interactions.rating,
        interactions.reviewed_at,
        study.top_items,
        row_number() over (
            partition by seed_users.split, seed_users.user_id
            order by interactions.rating desc, interactions.reviewed_at desc, interactions.item_id asc
        ) as evidence_rank
    from seed_users
    inner join interactions
        on
            seed_users.split = interactions.split
            and seed_users.user_id = interactions.user_id
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
