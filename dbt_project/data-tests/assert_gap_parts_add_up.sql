-- What the protocol and what the personas add make the whole gap.
select
    split,
    population,
    instrument,
    metric
from {{ ref('gap_decomposition') }}
where abs(protocol + persona - total) > 1e-9 * greatest(1, abs(protocol), abs(persona))
