{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_stale(ref('grounding_states'), ['split', 'user_id'], 'lines_hash') }}",
    post_hook="{{ remember(ref('grounding_states'), ['split', 'user_id'], 'lines_hash') }}",
) }}

with

pending as (
    {{ pending(ref('grounding_states'), ['split', 'user_id'], 'lines_hash') }}
),

study as (
    select
        title_chars,
        snippet_chars
    from {{ source('raw', 'study') }}
),

evidence as (
    select grounding_evidence.* from {{ ref('grounding_evidence') }} as grounding_evidence
    semi join pending using (split, user_id)
    where grounding_evidence.is_top_item
),

-- Held, so that all reviews are looked through for these few, and not the other way round.
shown as materialized (
    select
        reviews.category,
        reviews.user_id,
        reviews.item_id,
        reviews.reviewed_at,
        reviews.file,
        reviews.line_number
    from {{ ref('core_reviews') }} as reviews
    semi join evidence
        on
            reviews.category = evidence.category
            and reviews.user_id = evidence.user_id
            and reviews.item_id = evidence.item_id
),

raw_reviews as (
    select * from {{ source('raw', 'reviews') }}
),

items as (
    select * from {{ ref('stg_items') }}
),

-- Cleaning is the dear part, so each review is cleaned once, whatever the number of its splits.
opinions as (
    select
        shown.category,
        shown.user_id,
        shown.item_id,
        coalesce(nullif({{ clean_text('raw_reviews.text') }}, ''), {{ clean_text('raw_reviews.title') }}, '') as opinion
    from shown
    inner join raw_reviews
        on
            shown.category = raw_reviews.category
            and shown.user_id = raw_reviews.user_id
            and shown.item_id = raw_reviews.item_id
            and shown.reviewed_at = raw_reviews.reviewed_at
            and shown.file = raw_reviews.file
            and shown.line_number = raw_reviews.line_number
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
