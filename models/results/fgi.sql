with

metrics as (
    select * from {{ ref('population_metrics') }}
),

anchors as (
    select * from {{ source('ml', 'anchor_scores') }}
),

final as (
    select
        metrics.split,
        metrics.population,
        metrics.source,
        metrics.condition,
        metrics.rater,
        metrics.instrument,
        metrics.metric,
        anchors.anchor,
        -- nullif: where the random baseline does as well as real users, or better, the metric has no scale.
        case
            -- Eq. 7, where higher is closer to real.
            when metrics.metric = 'coverage'
                then
                    (anchors.floor_value - metrics.value)
                    / nullif(greatest(anchors.floor_value - anchors.ceiling_value, 0), 0)
            -- Eq. 6, where lower is closer to real.
            else
                (metrics.value - anchors.floor_value)
                / nullif(greatest(anchors.ceiling_value - anchors.floor_value, 0), 0)
        end as fgi,
        metrics.value,
        anchors.floor_value,
        anchors.ceiling_value,
        metrics.n
    from metrics
    inner join anchors
        on
            metrics.split = anchors.split
            and metrics.instrument = anchors.instrument
            and metrics.n = anchors.n
            and metrics.metric = anchors.metric
    where metrics.metric in ('fpd', 'mmd', 'swd', 'coverage')
)

select * from final
