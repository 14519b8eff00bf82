-- Every line read was accepted, rejected or a duplicate, and every rejected line of a file is on record.
{{ config(meta={'dagster': {'ref': {'name': 'stg_reviews'}}}) }}

with

files as (
    select * from {{ source('raw', 'ingested_files') }}
),

rejected as (
    select
        file,
        count(*) as n_rows
    from {{ source('raw', 'rejected_rows') }}
    group by file
)

select
    files.path,
    files.n_read,
    files.n_rejected,
    rejected.n_rows
from files
left join rejected on files.path = rejected.file
where
    files.n_read != files.n_accepted + files.n_rejected + files.n_duplicate
    or files.n_rejected != coalesce(rejected.n_rows, 0)
    or files.n_corrected > files.n_accepted
