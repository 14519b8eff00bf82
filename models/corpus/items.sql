with

interactions as (
    select * from {{ ref('interactions') }}
),

by_category as (
    select
        split,
        item_id,
        category,
        count(*) as n_reviews
    from interactions
    group by split, item_id, category
),

-- An item that is listed in two categories of a split belongs to the one where it is reviewed most.
ranked as (
    select
        split,
        item_id,
        category,
        sum(n_reviews) over (partition by split, item_id) as n_reviews,
        row_number() over (
            partition by split, item_id
            order by n_reviews desc, category asc
        ) as category_rank
    from by_category
),

final as (
    select
        split,
        item_id,
        category,
        cast(n_reviews as bigint) as n_reviews
    from ranked
    where category_rank = 1
)

select * from final
