-- A grounding profile counts the reviews of its window, and lists no more items than the study wants.
{{ config(meta={'dagster': {'ref': {'name': 'grounding_profiles'}}}) }}

with

windows as (
    select
        interactions.split,
        interactions.user_id,
        study.top_items,
        count(*) as n_reviews
    from {{ beside_untested(ref('interactions'), ref('grounding_blocks'), ['split', 'user_id']) }} as interactions
    cross join {{ source('raw', 'study') }} as study
    where interactions.fold = 'train' or study.grounding_window = 'all'
    group by interactions.split, interactions.user_id, study.top_items
)

select
    profiles.split,
    profiles.user_id
from {{ beside_untested(ref('grounding_profiles'), ref('grounding_blocks'), ['split', 'user_id']) }} as profiles
left join windows
    on
        profiles.split = windows.split
        and profiles.user_id = windows.user_id
where
    profiles.n_reviews is distinct from windows.n_reviews
    or profiles.n_top_items != least(windows.top_items, windows.n_reviews)
    or len(string_split(profiles.top_items_block, chr(10))) != profiles.n_top_items
