with

-- Read twice: to hold all reviews takes longer, and more than twice the memory.
reviews as not materialized (
    select
        category,
        user_id,
        item_id,
        reviewed_at,
        file,
        line_number,
        hash(category, user_id, item_id) as key_hash
    from {{ source('raw', 'reviews') }}
),

numbered as (
    select * from
        {{ numbered_repeats(
            'reviews', ['category', 'user_id', 'item_id'], ['reviewed_at', 'file', 'line_number']
        ) }} as repeats
),

-- A changed file may give a review another time: both have its line then.
final as (
    select
        category,
        user_id,
        item_id,
        reviewed_at,
        file,
        line_number
    from numbered
    where review_number > 1
)

select * from final
