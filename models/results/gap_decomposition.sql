with

fgi as (
    select * from {{ ref('fgi') }}
    where anchor = 'paper'
),

populations as (
    select * from {{ source('raw', 'populations') }}
),

personas as (
    select * from fgi
    where source = 'persona'
),

-- What a rater without any error is off: the distance that the protocol alone adds. From the floor at its own size, as
-- most scores depend on how many are compared, and it may be of another size than the population.
perfect as (
    select
        fgi.split,
        fgi.instrument,
        fgi.metric,
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

final as (
    select
        personas.split,
        personas.population,
        personas.instrument,
        personas.metric,
        personas.floor_value as floor,
        perfect.gap as protocol,
        personas.value - personas.floor_value - perfect.gap as persona,
        personas.value - personas.floor_value as total
    from personas
    left join perfect
        on
            personas.split = perfect.split
            and personas.instrument = perfect.instrument
            and personas.metric = perfect.metric
            and perfect.size_rank = 1
)

select * from final
