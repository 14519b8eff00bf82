with

marginals as (
    select * from {{ ref('us_adult_marginals') }}
),

final as (
    select
        attribute,
        value,
        probability,
        source
    from marginals
)

select * from final
