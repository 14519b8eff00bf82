-- A population with scores has its row of fidelity: nothing falls out of the join.
{{ config(meta={'dagster': {'ref': {'name': 'fidelity'}}}) }}

select distinct
    metrics.split,
    metrics.population,
    metrics.instrument
from {{ ref('population_metrics') }} as metrics
left join {{ ref('fidelity') }} as fidelity
    on
        metrics.split = fidelity.split
        and metrics.population = fidelity.population
        and metrics.instrument = fidelity.instrument
where
    metrics.source in ('persona', 'control')
    and fidelity.population is null
