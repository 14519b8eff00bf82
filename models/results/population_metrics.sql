with

scores as (
    select * from {{ source('ml', 'population_scores') }}
    where
        {{ of_the_study() }}
        -- References, baselines and the ignorant rater have no condition: every study has them.
        and (condition is null or {{ populations_of_the_study() }})
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
