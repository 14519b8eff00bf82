-- Each round drops the users and the items with too few reviews, both in the same pass (the corpus authors' procedure).
-- A former core whose members still hold each other up is within the new one: then only what is outside takes rounds.

with recursive

study as (
    select core from {{ source('raw', 'study') }}
),

reviews as (
    select * from {{ ref('stg_reviews') }}
),

former as (
    {{ former_rows(['category', 'side', 'id']) }}
),

former_users as (
    select
        category,
        id as user_id
    from former
    where side = 'user'
),

former_items as (
    select
        category,
        id as item_id
    from former
    where side = 'item'
),

-- An expression, so that no planner concludes that users and items of a category belong together: without it one that
-- does not know how many there are may join all users with all items first.
among_former as not materialized (
    select
        reviews.category,
        reviews.user_id,
        reviews.item_id
    from reviews
    inner join former_users using (category, user_id)
    inner join former_items
        on
            concat(reviews.category) = former_items.category
            and reviews.item_id = former_items.item_id
),

supports as (
    select count(*) as n_reviews from among_former
    group by category, user_id
    union all
    select count(*) as n_reviews from among_former
    group by category, item_id
),

-- A member without any review there has no row to be counted.
intact as materialized (
    select count(*) = (select count(*) from former) as is_intact
    from supports
    where n_reviews >= (select study.core from study)
),

held as materialized (
    select former.*
    from former
    inner join intact on intact.is_intact
),

outside as not materialized (
    select
        reviews.category,
        reviews.user_id,
        reviews.item_id,
        held_users.id is not null as user_is_held,
        held_items.id is not null as item_is_held
    from reviews
    left join held as held_users
        on
            held_users.side = 'user'
            and reviews.category = held_users.category
            and reviews.user_id = held_users.id
    left join held as held_items
        on
            held_items.side = 'item'
            and reviews.category = held_items.category
            and reviews.item_id = held_items.id
    where held_users.id is null or held_items.id is null
),

-- Who has too few reviews to begin with needs no number. Rounds work on numbers: two rounds of 25 million reviews by
-- name were more than 8 GB.
users as materialized (
    select
        category,
        user_id,
        cast(row_number() over (order by category, user_id) as integer) as user_number,
        cast(least(count(*) filter (where item_is_held), (select study.core from study)) as smallint) as n_held
    from outside
    where not user_is_held
    group by category, user_id
    having count(*) >= (select study.core from study)
),

items as materialized (
    select
        category,
        item_id,
        cast(row_number() over (order by category, item_id) as integer) as item_number,
        cast(least(count(*) filter (where user_is_held), (select study.core from study)) as smallint) as n_held
    from outside
    where not item_is_held
    group by category, item_id
    having count(*) >= (select study.core from study)
),

-- `settled` marks the copy of the reviews that a round left whole. Only that copy leaves the recursion, so memory holds
-- two rounds, whatever their number; USING KEY over the removed reviews took longer in every run tried.
peeled as (
    select
        users.user_number,
        users.n_held as user_held,
        items.item_number,
        items.n_held as item_held,
        false as settled
    from outside
    inner join users using (category, user_id)
    inner join items
        on
            concat(outside.category) = items.category
            and outside.item_id = items.item_id
    union all
    (
        with

        -- A settled round has no active users here, which ends the recursion.
        active_users as (
            select user_number
            from peeled
            where not settled
            group by user_number
            having count(*) + any_value(user_held) >= (select study.core from study)
        ),

        popular_items as (
            select item_number
            from peeled
            group by item_number
            having count(*) + any_value(item_held) >= (select study.core from study)
        ),

        kept as (
            select peeled.*
            from peeled
            semi join active_users using (user_number)
            semi join popular_items using (item_number)
        )

        select
            survivors.user_number,
            survivors.user_held,
            survivors.item_number,
            survivors.item_held,
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

user_counts as (
    select
        user_number,
        count(*) as n_reviews
    from core
    group by user_number
),

item_counts as (
    select
        item_number,
        count(*) as n_reviews
    from core
    group by item_number
),

final as (
    select * from held
    union all
    select
        users.category,
        'user' as side,
        users.user_id as id
    from users
    left join user_counts using (user_number)
    where users.n_held + coalesce(user_counts.n_reviews, 0) >= (select study.core from study)
    union all
    select
        items.category,
        'item' as side,
        items.item_id as id
    from items
    left join item_counts using (item_number)
    where items.n_held + coalesce(item_counts.n_reviews, 0) >= (select study.core from study)
)

select * from final
