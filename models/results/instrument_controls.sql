with

metrics as (
    select * from {{ ref('population_metrics') }}
),

fidelity as (
    select * from {{ ref('fidelity') }}
),

fgi as (
    select * from {{ ref('fgi') }}
    where
        metric = 'coverage'
        and anchor = 'paper'
),

populations as (
    select * from {{ source('raw', 'populations') }}
),

perfect as (
    select
        fidelity.*,
        row_number() over (
            partition by fidelity.split, fidelity.instrument
            order by fidelity.n_personas desc nulls last, fidelity.population asc
        ) as size_rank
    from fidelity
    inner join populations on fidelity.population = populations.population
    where populations.backend = 'perfect'
),

ignorant as (
    select * from metrics
    where
        population = 'ignorant_rater'
        and metric = 'coverage'
),

largest as (
    select
        perfect.split,
        perfect.instrument,
        fgi.floor_value as floor_coverage,
        perfect.coverage as perfect_rater_coverage,
        perfect.pair_cosine_distance as perfect_rater_pair_distance
    from perfect
    left join fgi
        on
            perfect.split = fgi.split
            and perfect.instrument = fgi.instrument
            and perfect.population = fgi.population
    where perfect.size_rank = 1
),

final as (
    select
        split,
        instrument,
        largest.floor_coverage,
        largest.perfect_rater_coverage,
        largest.perfect_rater_pair_distance,
        ignorant.value as ignorant_rater_coverage
    from largest
    full join ignorant using (split, instrument)
)

select * from final
