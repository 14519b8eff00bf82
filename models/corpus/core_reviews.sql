-- Each round drops the users and the items with too few reviews, both in the same pass (the corpus authors' procedure).
-- `settled` marks the copy of the reviews that a round left whole. Only that copy leaves the recursion, so memory holds
-- two rounds, whatever their number; USING KEY over the removed reviews took longer in every run tried.
with recursive

study as (
    select core from {{ source('raw', 'study') }}
),

reviews as (
    select * from {{ ref('stg_reviews') }}
),

peeled as (
    select
        category,
        user_id,
        item_id,
        false as settled
    from reviews
    union all
    (
        with

        -- A settled round has no active users here, which ends the recursion.
        active_users as (
            select
                category,
                user_id
            from peeled
            where not settled
            group by category, user_id
            having count(*) >= (select study.core from study)
        ),

        popular_items as (
            select
                category,
                item_id
            from peeled
            group by category, item_id
            having count(*) >= (select study.core from study)
        ),

        kept as (
            select peeled.*
            from peeled
            semi join active_users using (category, user_id)
            semi join popular_items using (category, item_id)
        )

        select
            survivors.category,
            survivors.user_id,
            survivors.item_id,
            (select count(*) from kept) = (select count(*) from peeled) as settled
        from kept as survivors
    )
),

core as (
    select * from peeled
    where settled
),

final as (
    select
        reviews.category,
        reviews.user_id,
        reviews.item_id,
        reviews.rating,
        reviews.reviewed_at,
        reviews.file,
        reviews.line_number,
        reviews.batch_id
    from reviews
    semi join core using (category, user_id, item_id)
)

select * from final
