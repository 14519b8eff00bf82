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

opinions as (
    select
        evidence.split,
        evidence.user_id,
        evidence.item_id,
        evidence.evidence_rank,
        evidence.rating,
        items.item_category,
        items.item_title,
        coalesce(nullif({{ clean_text('reviews.text') }}, ''), {{ clean_text('reviews.title') }}, '') as opinion
    from evidence
    inner join reviews
        on
            evidence.category = reviews.category
            and evidence.user_id = reviews.user_id
            and evidence.item_id = reviews.item_id
    inner join items
        on
            evidence.category = items.category
            and evidence.item_id = items.item_id
),

-- Bars part the fields and quotation marks frame the snippet, so neither may stand inside.
fields as (
    select
        opinions.split,
        opinions.user_id,
        opinions.item_id,
        opinions.evidence_rank,
        {{ number_text('opinions.rating') }} as rating,
        replace(opinions.item_category, '|', '/') as item_category,
        replace({{ truncate_text('opinions.item_title', 'study.title_chars') }}, '|', '/') as item_title,
        replace({{ truncate_text('opinions.opinion', 'study.snippet_chars') }}, '"', '''') as snippet
    from opinions
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
