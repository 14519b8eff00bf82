with

clusters as (
    select * from {{ source('ml', 'item_clusters') }}
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

nearest as (
    select
        split,
        band,
        cluster,
        item_id,
        row_number() over (
            partition by split, band, cluster
            order by distance, item_id
        ) as nearness
    from clusters
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
        bands.n_reviews,
        nearest.cluster
    from nearest
    inner join items
        on
            nearest.split = items.split
            and nearest.item_id = items.item_id
    inner join bands
        on
            nearest.split = bands.split
            and nearest.item_id = bands.item_id
            and nearest.band = bands.band
    inner join texts
        on
            items.category = texts.category
            and items.item_id = texts.item_id
    where nearest.nearness = 1
)

select * from final
