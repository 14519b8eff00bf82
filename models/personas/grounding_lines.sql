with

study as (
    select
        title_chars,
        snippet_chars
    from {{ source('raw', 'study') }}
),

evidence as (
    select * from {{ ref('grounding_evidence') }}
    where is_top_item
),

reviews as (
    select * from {{ ref('core_reviews') }}
),

items as (
    select * from {{ ref('stg_items') }}
),

-- Cleaning is the dear part, so each review is cleaned once, whatever the number of its splits.
opinions as (
    select
        reviews.category,
        reviews.user_id,
        reviews.item_id,
        coalesce(nullif({{ clean_text('reviews.text') }}, ''), {{ clean_text('reviews.title') }}, '') as opinion
    from reviews
    semi join evidence
        on
            reviews.category = evidence.category
            and reviews.user_id = evidence.user_id
            and reviews.item_id = evidence.item_id
),

-- Bars part the fields and quotation marks frame the snippet, so neither may stand inside.
fields as (
    select
        evidence.split,
        evidence.user_id,
        evidence.item_id,
        evidence.evidence_rank,
        {{ number_text('evidence.rating') }} as rating,
        replace(items.item_category, '|', '/') as item_category,
        replace({{ truncate_text('items.item_title', 'study.title_chars') }}, '|', '/') as item_title,
        replace({{ truncate_text('opinions.opinion', 'study.snippet_chars') }}, '"', '''') as snippet
    from evidence
    inner join opinions
        on
            evidence.category = opinions.category
            and evidence.user_id = opinions.user_id
            and evidence.item_id = opinions.item_id
    inner join items
        on
            evidence.category = items.category
            and evidence.item_id = items.item_id
    cross join study
),

final as (
    select
        split,
        user_id,
        item_id,
        evidence_rank,
        concat_ws(' | ', '- rating ' || rating, item_category, item_title, '"' || nullif(snippet, '') || '"') as line
    from fields
)

select * from final
