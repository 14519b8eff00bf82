with

study as (
    select
        top_items,
        grounding_window,
        title_chars,
        snippet_chars
    from {{ source('raw', 'study') }}
),

splits as (
    select * from {{ source('raw', 'splits') }}
),

seed_users as (
    select * from {{ ref('seed_users') }}
),

histories as (
    select * from {{ ref('histories') }}
),

reviews as (
    select * from {{ ref('core_reviews') }}
),

items as (
    select
        category,
        item_id,
        hash(item_title, item_category) as content
    from {{ ref('stg_items') }}
),

-- The ingest gives every review that it writes or corrects its batch's id, so the texts need not be read here.
shown as (
    select
        reviews.category,
        reviews.user_id,
        sum(hash(reviews.item_id, reviews.file, reviews.line_number, reviews.batch_id, items.content)) as content
    from reviews
    inner join items using (category, item_id)
    semi join seed_users using (user_id)
    group by reviews.category, reviews.user_id
),

by_split as (
    select
        splits.split,
        shown.user_id,
        sum(hash(shown.category, shown.content)) as content
    from shown
    inner join splits on shown.category = splits.category
    group by splits.split, shown.user_id
),

final as (
    select
        seed_users.split,
        seed_users.user_id,
        hash(histories.history_hash, study.top_items, study.grounding_window) as evidence_hash,
        hash(evidence_hash, by_split.content, study.title_chars, study.snippet_chars) as lines_hash
    from seed_users
    inner join histories using (split, user_id)
    inner join by_split using (split, user_id)
    cross join study
)

select * from final
