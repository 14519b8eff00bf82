with

probes as (
    select * from {{ ref('probe_items') }}
),

items as (
    select * from {{ ref('items') }}
),

final as (
    select
        probes.split,
        md5(string_agg(probes.item_id, '|' order by probes.probe_number)) as probe_set_hash,
        count(*) as n_probes,
        count(*) filter (where items.item_id is null) as n_out_of_corpus
    from probes
    left join items
        on
            probes.split = items.split
            and probes.item_id = items.item_id
    group by probes.split
)

select * from final
