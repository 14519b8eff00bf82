{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
    pre_hook="{{ forget_probes(source('raw', 'study'), source('raw', 'splits')) }}",
) }}

with

study as (
    select {{ probe_settings() }} as settings_hash
    from {{ source('raw', 'study') }}
),

clusters as (
    select * from {{ source('ml', 'item_clusters') }}
    {{ splits_without_probes() }}
),

bands as (
    select * from {{ ref('item_bands') }}
),

items as (
    select * from {{ ref('items') }}
),

texts as (
    select * from {{ ref('stg_items') }}
),

embeddings as (
    select * from {{ source('ml', 'item_embeddings') }}
),

-- An item may have changed its band, or left the corpus, since it was clustered.
offered as (
    select
        clusters.split,
        clusters.band,
        clusters.cluster,
        clusters.item_id,
        clusters.distance,
        clusters.categories,
        bands.n_reviews
    from clusters
    inner join bands
        on
            clusters.split = bands.split
            and clusters.item_id = bands.item_id
            and clusters.band = bands.band
),

-- Items with the same text are one: nobody can rate them differently.
sizes as (
    select
        offered.split,
        offered.band,
        count(distinct embeddings.text_hash) as n_band_items
    from offered
    inner join items
        on
            offered.split = items.split
            and offered.item_id = items.item_id
    inner join embeddings
        on
            items.category = embeddings.category
            and items.item_id = embeddings.item_id
    group by offered.split, offered.band
),

nearest as (
    select
        split,
        band,
        cluster,
        item_id,
        categories,
        n_reviews,
        row_number() over (
            partition by split, band, cluster
            order by distance, item_id
        ) as nearness
    from offered
),

final as (
    select
        nearest.split,
        nearest.item_id,
        nearest.band,
        row_number() over (
            partition by nearest.split
            order by list_position(['head', 'torso', 'tail'], nearest.band), nearest.cluster, nearest.item_id
        ) as probe_number,
        items.category,
        texts.item_title,
        texts.item_category,
        texts.item_description,
        nearest.n_reviews,
        nearest.cluster,
        sizes.n_band_items,
        study.settings_hash,
        nearest.categories
    from nearest
    inner join items
        on
            nearest.split = items.split
            and nearest.item_id = items.item_id
    inner join texts
        on
            items.category = texts.category
            and items.item_id = texts.item_id
    inner join sizes
        on
            nearest.split = sizes.split
            and nearest.band = sizes.band
    cross join study
    where nearest.nearness = 1
)

select * from final
