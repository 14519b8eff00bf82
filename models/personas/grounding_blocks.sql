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

evidence as (
    select grounding_evidence.* from {{ ref('grounding_evidence') }} as grounding_evidence
    semi join pending using (split, user_id)
),

lines as (
    select grounding_lines.* from {{ ref('grounding_lines') }} as grounding_lines
    semi join pending using (split, user_id)
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
        top_items.split,
        top_items.user_id,
        top_items.top_items_block,
        top_items.n_top_items,
        histograms.rating_hist,
        histograms.n_reviews,
        md5(concat_ws('|', top_items.top_items_block, histograms.rating_hist, histograms.n_reviews)) as profile_hash
    from top_items
    inner join histograms
        on
            top_items.split = histograms.split
            and top_items.user_id = histograms.user_id
)

select * from final
