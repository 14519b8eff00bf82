with

members as (
    select * from {{ ref('core_members') }}
),

users as (
    select
        category,
        id as user_id
    from members
    where side = 'user'
),

items as (
    select
        category,
        id as item_id
    from members
    where side = 'item'
),

-- Rounds drop users and items, never a single review: the core is all reviews between those that are left.
reviews as (
    select stg_reviews.*
    from {{ ref('stg_reviews') }} as stg_reviews
    inner join users using (category, user_id)
    -- An expression, as in core_members: no planner may join all users with all items first.
    inner join items
        on
            concat(stg_reviews.category) = items.category
            and stg_reviews.item_id = items.item_id
),

-- A sum does not depend on the order of the rows, so that no history is sorted to be compared.
final as (
    select
        category,
        user_id,
        hash(count(*), sum(hash(item_id, rating, reviewed_at))) as content_hash,
        hash(content_hash, sum(hash(item_id, file, line_number, batch_id))) as reviews_hash
    from reviews
    group by category, user_id
)

select * from final
