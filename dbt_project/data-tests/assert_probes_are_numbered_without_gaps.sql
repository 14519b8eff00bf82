-- Probe numbers run from 1 to the number of probes, so a probe is there once and none is missing.
select
    split,
    count(*) as n_probes
from {{ ref('probe_items') }}
group by split
having
    count(distinct probe_number) != count(*)
    or count(distinct item_id) != count(*)
    or min(probe_number) != 1
    or max(probe_number) != count(*)
