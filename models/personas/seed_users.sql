with

study as (
    select
        seed,
        min_reviews
    from {{ source('raw', 'study') }}
),

users as (
    select * from {{ ref('users') }}
),

final as (
    select
        users.split,
        users.user_id,
        users.n_reviews,
        row_number() over (
            partition by users.split
            order by md5(users.user_id || '|' || study.seed), users.user_id
        ) as seed_order
    from users
    inner join study on users.n_reviews >= study.min_reviews
)

select * from final
