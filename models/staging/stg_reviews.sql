with

reviews as (
    select * from {{ source('raw', 'reviews') }}
),

numbered as (
    select
        category,
        user_id,
        item_id,
        rating,
        reviewed_at,
        file,
        line_number,
        batch_id,
        row_number() over (
            partition by category, user_id, item_id
            order by reviewed_at, file, line_number
        ) as review_number
    from reviews
),

final as (
    select
        category,
        user_id,
        item_id,
        rating,
        reviewed_at,
        file,
        line_number,
        batch_id
    from numbered
    where review_number = 1
)

select * from final
