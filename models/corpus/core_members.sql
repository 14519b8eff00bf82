-- Each round drops the users and the items with too few reviews, both in the same pass (the corpus authors' procedure).
-- `settled` marks the copy of the reviews that a round left whole. Only that copy leaves the recursion, so memory holds
-- two rounds, whatever their number; USING KEY over the removed reviews took longer in every run tried. Rounds work on
-- numbers: two rounds of 25 million reviews by name were more than 8 GB.
with recursive

study as (
    select core from {{ source('raw', 'study') }}
),

reviews as (
    select * from {{ ref('stg_reviews') }}
),

-- Who has too few reviews to begin with needs no number.
users as materialized (
    select
        category,
        user_id,
        cast(row_number() over (order by category, user_id) as integer) as user_number
    from reviews
    group by category, user_id
    having count(*) >= (select study.core from study)
),

items as materialized (
    select
        category,
        item_id,
        cast(row_number() over (order by category, item_id) as integer) as item_number
    from reviews
    group by category, item_id
    having count(*) >= (select study.core from study)
),

peeled as (
    select
        users.user_number,
        items.item_number,
        false as settled
    from reviews
    inner join users
        on
            reviews.category = users.category
            and reviews.user_id = users.user_id
    -- An expression, so that no planner concludes that users and items of a category belong together: without it one
    -- that does not know how many there are may join all users with all items first.
    inner join items
        on
            concat(reviews.category) = items.category
            and reviews.item_id = items.item_id
    union all
    (
        with

        -- A settled round has no active users here, which ends the recursion.
        active_users as (
            select user_number
            from peeled
            where not settled
            group by user_number
            having count(*) >= (select study.core from study)
        ),

        popular_items as (
            select item_number
            from peeled
            group by item_number
            having count(*) >= (select study.core from study)
        ),

        kept as (
            select peeled.*
            from peeled
            semi join active_users using (user_number)
            semi join popular_items using (item_number)
        )

        select
            survivors.user_number,
            survivors.item_number,
            (select count(*) from kept) = (select count(*) from peeled) as settled
        from kept as survivors
    )
),

core as materialized (
    select
        user_number,
        item_number
    from peeled
    where settled
),

final as (
    select
        users.category,
        'user' as side,
        users.user_id as id
    from users
    semi join core using (user_number)
    union all
    select
        items.category,
        'item' as side,
        items.item_id as id
    from items
    semi join core using (item_number)
)

select * from final
