-- No band has more probes than the study wants, and a band with enough different items, when they were chosen, has no fewer.
-- Clusters stay with the probes that were chosen from them: a band that has items only since then has none.
{{ config(meta={'dagster': {'ref': {'name': 'probe_items'}}}) }}

with

wanted as (
    unpivot (
        select
            head_probes as head,
            torso_probes as torso,
            tail_probes as tail
        from {{ source('raw', 'study') }}
    )
    on head, torso, tail
    into name band value n_wanted
),

offered as (
    select
        split,
        band,
        count(distinct item_id) as n_items
    from {{ source('ml', 'item_clusters') }}
    where split in (select probe_items.split from {{ ref('probe_items') }} as probe_items)
    group by split, band
),

chosen as (
    select
        split,
        band,
        any_value(n_band_items) as n_band_items,
        count(*) as n_probes
    from {{ ref('probe_items') }}
    group by split, band
)

select
    offered.split,
    offered.band,
    least(wanted.n_wanted, coalesce(chosen.n_band_items, offered.n_items)) as n_expected,
    coalesce(chosen.n_probes, 0) as n_found
from offered
inner join wanted on offered.band = wanted.band
left join chosen
    on
        offered.split = chosen.split
        and offered.band = chosen.band
where coalesce(chosen.n_probes, 0) != least(wanted.n_wanted, coalesce(chosen.n_band_items, offered.n_items))
