-- The floor's own index is 0 and the random baseline's is 1, wherever they were scored at the anchors' size.
{{ config(meta={'dagster': {'ref': {'name': 'fgi'}}}) }}

select
    split,
    population,
    instrument,
    metric,
    fgi
from {{ ref('fgi') }}
where
    anchor = 'paper'
    and (
        (value = floor_value and fgi != 0)
        or (value = ceiling_value and abs(fgi - 1) > 1e-9)
    )
