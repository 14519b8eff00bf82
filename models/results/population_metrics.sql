with

scores as (
    select * from {{ source('ml', 'population_scores') }}
),

final as (
    select
        split,
        population,
        source,
        condition,
        rater,
        instrument,
        metric,
        {{ finite('value') }} as value,
        {{ finite('std') }} as std,
        {{ finite('ci_low') }} as ci_low,
        {{ finite('ci_high') }} as ci_high,
        {{ finite('p_value') }} as p_value,
        n,
        resamples,
        seed,
        config_hash,
        code_version
    from scores
)

select * from final
