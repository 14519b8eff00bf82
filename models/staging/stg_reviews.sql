with

reviews as (
    select
        category,
        user_id,
        item_id,
        rating,
        reviewed_at,
        file,
        line_number,
        batch_id,
        hash(category, user_id, item_id) as key_hash
    from {{ source('raw', 'reviews') }}
),

-- Few items are reviewed twice by a user: only what shares its hash is ordered by time.
repeated as materialized (
    select key_hash
    from reviews
    group by key_hash
    having count(*) > 1
),

numbered as (
    select
        reviews.*,
        row_number() over (
            partition by reviews.category, reviews.user_id, reviews.item_id
            order by reviews.reviewed_at, reviews.file, reviews.line_number
        ) as review_number
    from reviews
    semi join repeated using (key_hash)
),

earliest as (
    select * exclude (review_number) from numbered
    where review_number = 1
    union all
    select reviews.* from reviews
    anti join repeated using (key_hash)
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
    from earliest
)

select * from final
