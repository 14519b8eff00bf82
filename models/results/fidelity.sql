with

metrics as (
    select * from {{ ref('population_metrics') }}
    where source in ('persona', 'control')
),

fgi as (
    select * from {{ ref('fgi') }}
    where anchor = 'paper'
),

paired as (
    select * from {{ source('ml', 'paired_scores') }}
    where
        {{ of_the_study() }}
        and {{ populations_of_the_study() }}
),

populations as (
    select * from {{ source('raw', 'populations') }}
),

measured as (
    select
        split,
        population,
        instrument,
        source,
        condition,
        rater,
        {{ pivot_metrics(['coverage', 'cos_mean'], 'value') }}
    from metrics
    group by split, population, instrument, source, condition, rater
),

gaps as (
    select
        split,
        population,
        instrument,
        {{ pivot_metrics(['fpd', 'mmd', 'swd', 'coverage'], 'fgi', 'fgi_') }}
    from fgi
    group by split, population, instrument
),

pairs as (
    select
        split,
        population,
        instrument,
        {{ pivot_metrics(paired_metrics(), finite('value')) }}
    from paired
    group by split, population, instrument
),

-- A population that nobody could place has paired scores only: how many personas, and how many unplaceable.
final as (
    select
        split,
        population,
        coalesce(measured.source, if(populations.condition = 'control', 'control', 'persona')) as source,
        coalesce(measured.condition, populations.condition) as condition,
        coalesce(measured.rater, populations.rater) as rater,
        instrument,
        measured.coverage,
        measured.cos_mean,
        {% for metric in paired_metrics() if not metric.startswith('n_') -%}
            pairs.{{ metric }},
        {% endfor -%}
        gaps.* exclude (split, population, instrument),
        cast(pairs.n_personas as bigint) as n_personas,
        cast(pairs.n_unplaceable as bigint) as n_unplaceable,
        cast(pairs.n_constant as bigint) as n_constant
    from measured
    full join pairs using (split, population, instrument)
    left join gaps using (split, population, instrument)
    left join populations using (population)
)

select * from final
