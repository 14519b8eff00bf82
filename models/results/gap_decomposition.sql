with

fgi as (
    select * from {{ ref('fgi') }}
    where anchor = 'paper'
),

populations as (
    select * from {{ source('raw', 'populations') }}
),

scores as (
    select * from {{ source('ml', 'population_scores') }}
),

personas as (
    select
        fgi.*,
        scores.perfect_value
    from fgi
    left join scores using (split, population, instrument, metric)
    where fgi.source = 'persona'
),

-- A perfect rater with fewer stand-ins than the population has personas: from the floor at its own size, as most scores
-- depend on how many are compared.
smaller as (
    select
        fgi.split,
        fgi.instrument,
        fgi.metric,
        fgi.n,
        fgi.value - fgi.floor_value as gap,
        row_number() over (
            partition by fgi.split, fgi.instrument, fgi.metric
            order by fgi.n desc, fgi.population asc
        ) as size_rank
    from fgi
    inner join populations on fgi.population = populations.population
    where
        fgi.source = 'control'
        and populations.backend = 'perfect'
),

-- What raters without any error are off: the distance that the protocol alone adds.
final as (
    select
        personas.split,
        personas.population,
        personas.instrument,
        personas.metric,
        personas.floor_value as floor,
        coalesce(personas.perfect_value - personas.floor_value, smaller.gap) as protocol,
        personas.value - coalesce(personas.perfect_value, personas.floor_value + smaller.gap) as persona,
        personas.value - personas.floor_value as total
    from personas
    left join smaller
        on
            personas.split = smaller.split
            and personas.instrument = smaller.instrument
            and personas.metric = smaller.metric
            and personas.n >= smaller.n
            and smaller.size_rank = 1
)

select * from final
