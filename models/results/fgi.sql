with

metrics as (
    select * from {{ ref('population_metrics') }}
),

anchors as (
    select * from {{ source('ml', 'anchor_scores') }}
),

-- Two means that differ by no more than their noise are no scale. NULL bounds nothing: one draw, or rows of older code.
anchored as (
    select
        metrics.*,
        anchors.anchor,
        anchors.floor_value,
        anchors.ceiling_value,
        anchors.floor_std,
        anchors.ceiling_std,
        abs(anchors.ceiling_value - anchors.floor_value)
        > 2 * sqrt((power(anchors.floor_std, 2) + power(anchors.ceiling_std, 2)) / metrics.resamples) as anchors_apart
    from metrics
    inner join anchors
        on
            metrics.split = anchors.split
            and metrics.instrument = anchors.instrument
            and metrics.n = anchors.n
            and metrics.metric = anchors.metric
    where metrics.metric in ('fpd', 'mmd', 'swd', 'coverage')
),

final as (
    select
        split,
        population,
        source,
        condition,
        rater,
        instrument,
        metric,
        anchor,
        -- nullif: where the random baseline does as well as real users, or better, the metric has no scale.
        case
            when not anchors_apart
                then null
            -- Eq. 7, where higher is closer to real.
            when metric = 'coverage'
                then (floor_value - value) / nullif(greatest(floor_value - ceiling_value, 0), 0)
            -- Eq. 6, where lower is closer to real.
            else (value - floor_value) / nullif(greatest(ceiling_value - floor_value, 0), 0)
        end as fgi,
        value,
        floor_value,
        ceiling_value,
        floor_std,
        ceiling_std,
        anchors_apart,
        n
    from anchored
)

select * from final
