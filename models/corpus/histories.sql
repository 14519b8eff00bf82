with

study as (
    select
        seed,
        pair_min_gap,
        max_pairs_per_user
    from {{ source('raw', 'study') }}
),

splits as (
    select * from {{ source('raw', 'splits') }}
),

reviews as (
    select * from {{ ref('core_reviews') }}
),

-- A sum does not depend on the order of the rows, so that no history is sorted to be compared.
by_category as (
    select
        category,
        user_id,
        count(*) as n_reviews,
        sum(hash(item_id, rating, reviewed_at)) as content
    from reviews
    group by category, user_id
),

by_split as (
    select
        splits.split,
        by_category.user_id,
        hash(sum(hash(by_category.category, by_category.n_reviews, by_category.content))) as history_hash
    from by_category
    inner join splits on by_category.category = splits.category
    group by splits.split, by_category.user_id
),

final as (
    select
        by_split.split,
        by_split.user_id,
        by_split.history_hash,
        hash(
            by_split.history_hash,
            study.pair_min_gap,
            study.max_pairs_per_user,
            case when study.max_pairs_per_user is not null then study.seed end
        ) as pairs_hash
    from by_split
    cross join study
)

select * from final
