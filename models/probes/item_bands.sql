with

study as (
    select
        head_items,
        torso_items
    from {{ source('raw', 'study') }}
),

items as (
    select * from {{ ref('items') }}
),

ranked as (
    select
        split,
        item_id,
        n_reviews,
        row_number() over (
            partition by split
            order by n_reviews desc, item_id asc
        ) as popularity_rank,
        count(*) over (partition by split) as n_items
    from items
),

final as (
    select
        ranked.split,
        ranked.item_id,
        ranked.n_reviews,
        ranked.popularity_rank,
        case
            when ranked.popularity_rank <= round(study.head_items * ranked.n_items) then 'head'
            when ranked.popularity_rank <= round((study.head_items + study.torso_items) * ranked.n_items) then 'torso'
            else 'tail'
        end as band
    from ranked
    cross join study
)

select * from final
