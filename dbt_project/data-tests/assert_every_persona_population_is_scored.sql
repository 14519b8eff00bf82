-- A population with scores has its row of fidelity: nothing falls out of the join.
{{ config(meta={'dagster': {'ref': {'name': 'fidelity'}}}) }}

select distinct
    metrics.split,
    metrics.population,
    metrics.instrument
from {{ ref('population_metrics') }} as metrics
anti join {{ ref('fidelity') }} as fidelity using (split, population, instrument)
where metrics.source in ('persona', 'control')
