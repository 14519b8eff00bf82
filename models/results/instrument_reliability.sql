with

retests as (
    select * from {{ source('ml', 'instrument_retests') }}
    where {{ of_the_study() }}
),

-- Encoders of a seed that the study had before, or of more retests, stay in `ml`.
seeds_in_use as (
    select
        instrument,
        unnest(seeds) as seed
    from {{ source('raw', 'instruments') }}
),

encoder_runs as (
    select trained.*
    from {{ source('ml', 'encoder_runs') }} as trained
    semi join {{ source('raw', 'splits') }} using (split)
    semi join seeds_in_use using (instrument, seed)
),

controls as (
    select * from {{ ref('instrument_controls') }}
),

runs as (
    select
        split,
        instrument,
        count(distinct seed) as n_seeds,
        avg({{ finite('init_correlation') }}) as init_correlation
    from encoder_runs
    group by split, instrument
),

agreement as (
    select
        split,
        instrument,
        avg({{ finite('value') }}) filter (where metric = 'user_cosine') as retest_user_cosine,
        avg({{ finite('value') }}) filter (where metric = 'user_scores') as retest_user_scores
    from retests
    group by split, instrument
),

final as (
    select
        split,
        instrument,
        runs.n_seeds,
        agreement.retest_user_cosine,
        agreement.retest_user_scores,
        runs.init_correlation,
        controls.floor_coverage,
        controls.perfect_rater_coverage,
        controls.perfect_rater_pair_distance,
        controls.ignorant_rater_coverage,
        case
            when
                controls.perfect_rater_coverage is null
                or nullif(controls.floor_coverage, 0) is null
                or agreement.retest_user_cosine is null
                then 'unknown'
            else coalesce(
                nullif(
                    concat_ws(
                        ' and ',
                        case when controls.perfect_rater_coverage < 0.8 * controls.floor_coverage then 'compresses' end,
                        case when agreement.retest_user_cosine < 0.5 then 'not repeatable' end
                    ), ''
                ),
                'faithful'
            )
        end as verdict
    from runs
    left join agreement using (split, instrument)
    left join controls using (split, instrument)
)

select * from final
