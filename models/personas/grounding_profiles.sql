with

seed_users as (
    select * from {{ ref('seed_users') }}
),

evidence as (
    select * from {{ ref('grounding_evidence') }}
),

lines as (
    select * from {{ ref('grounding_lines') }}
),

top_items as (
    select
        split,
        user_id,
        string_agg(line, chr(10) order by evidence_rank) as top_items_block,
        count(*) as n_top_items
    from lines
    group by split, user_id
),

histograms as (
    select
        split,
        user_id,
        {{ star_histogram('rating') }} as rating_hist,
        count(*) as n_reviews
    from evidence
    group by split, user_id
),

final as (
    select
        seed_users.split,
        seed_users.user_id,
        seed_users.seed_order,
        top_items.top_items_block,
        top_items.n_top_items,
        histograms.rating_hist,
        histograms.n_reviews,
        md5(concat_ws('|', top_items.top_items_block, histograms.rating_hist, histograms.n_reviews)) as profile_hash
    from seed_users
    inner join top_items
        on
            seed_users.split = top_items.split
            and seed_users.user_id = top_items.user_id
    inner join histograms
        on
            seed_users.split = histograms.split
            and seed_users.user_id = histograms.user_id
)

select * from final
