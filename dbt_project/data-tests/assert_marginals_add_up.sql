-- The shares of each attribute add up to 1.
select
    attribute,
    sum(probability) as total
from {{ ref('demographic_marginals') }}
group by attribute
having abs(sum(probability) - 1) > 1e-9
