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

-- Evidence is made for as many seed users as the largest population asks for, and for all when none asks.
wanted as (
    select max(size) filter (where condition in ('grounded', 'control', 'imported')) as n_seed_users
    from {{ source('raw', 'populations') }}
),

-- A user of one review has none in the training fold.
seed_users as (
    select
        seed_users.split,
        seed_users.user_id
    from {{ ref('seed_users') }} as seed_users
    cross join study
    cross join wanted
    where seed_users.n_reviews > 1 or study.grounding_window = 'all'
    qualify
        row_number() over (partition by seed_users.split order by seed_users.seed_order)
        <= coalesce(wanted.n_seed_users, seed_users.seed_order)
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
