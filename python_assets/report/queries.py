"""The report's SQL: one query for every table of ``ReportData`` (data.py), named as its field.

``results`` holds what the study names; tables of ``ml`` also keep what was taken out of it, which the semi joins leave out.
"""

# Where the present rater failed, the answers of a former one are left.
_OF_THE_RATER = """
        semi join raw.populations as asked
            on answered.population = asked.population and answered.backend = asked.backend
            and answered.elicitation = asked.elicitation and answered.model is not distinct from asked.model
"""

QUERIES = {
    "fidelity": """
        select f.split, f.population, f.instrument, f.source, f.condition, f.rater, p.backend,
            f.coverage, f.coverage_full_population,
            f.cos_mean, f.matched_real_cos_mean, f.pair_cosine_distance, f.rank_accuracy, f.rank_accuracy_of_others,
            f.rating_correlation,
            f.fgi_coverage, f.fgi_mmd, f.fgi_fpd, f.fgi_swd, f.norm_ratio,
            cast(f.n_personas as bigint) as n_personas, cast(f.n_unplaceable as bigint) as n_unplaceable
        from results.fidelity as f
        left join raw.populations as p on f.population = p.population
        order by f.split, f.instrument, f.population
    """,
    "metrics": """
        select split, population, source, instrument, metric, value, std, ci_low, ci_high, p_value, n, resamples
        from results.population_metrics order by split, instrument, population, metric
    """,
    "fgi": """
        select split, population, source, instrument, metric, anchor, fgi, floor_value, ceiling_value, anchors_apart, n
        from results.fgi order by split, instrument, population, metric, anchor
    """,
    "gaps": """
        select split, population, instrument, metric, floor, protocol, persona, total
        from results.gap_decomposition order by split, instrument, population, metric
    """,
    "reliability": """
        select split, instrument, n_seeds, retest_user_cosine, retest_user_scores, init_correlation,
            floor_coverage, perfect_rater_coverage, perfect_rater_pair_distance, ignorant_rater_coverage, verdict
        from results.instrument_reliability order by split, instrument
    """,
    "encoders": """
        select e.split, e.instrument, e.seed, e.seed = s.seed as is_primary, e.n_users, e.n_items, e.n_train_pairs,
            e.epochs, e.best_epoch, e.validation_accuracy, e.test_accuracy, e.logit_scale, e.seconds
        from ml.encoder_runs as e cross join raw.study as s
        semi join raw.splits using (split)
        semi join raw.instruments as i on e.instrument = i.instrument and list_contains(i.seeds, e.seed)
        order by e.split, e.instrument, is_primary desc, e.seed
    """,
    # Places of who has no scores are left from before the population failed.
    "placed": """
        select split, population, instrument, count(*) as n_personas, count(*) filter (not placed) as n_unplaceable
        from ml.persona_embeddings
        semi join raw.splits using (split) semi join raw.instruments using (instrument)
        semi join raw.populations using (population)
        semi join ml.paired_scores using (split, population, instrument)
        group by all order by all
    """,
    # A row a population: what it answered, and how many of its personas never varied their answer or gave fewer than two.
    "answers": f"""
        with answers as (
            select *, coalesce(rating, cast(round(expected_rating) as integer)) as answer,
                if(elicitation = 'expected', coalesce(expected_rating, rating), coalesce(rating, expected_rating)) as value
            from ml.ratings as answered
            semi join raw.splits using (split) {_OF_THE_RATER}
            where instrument = '*' or instrument in (select instrument from raw.instruments)
        ),
        by_persona as (
            select split, population, instrument, any_value(elicitation) as elicitation,
                count(*) as n_answers, count(answer) as n_read, sum(value) as total,
                count(*) filter (answer = 1) as n_1, count(*) filter (answer = 2) as n_2,
                count(*) filter (answer = 3) as n_3, count(*) filter (answer = 4) as n_4,
                count(*) filter (answer = 5) as n_5,
                count(answer) > 1 and min(value) = max(value) as is_constant
            from answers group by split, population, instrument, persona_id
        )
        select split, population, instrument, any_value(elicitation) as elicitation,
            count(*) as n_personas, count(*) filter (is_constant) as n_constant,
            count(*) filter (n_read < 2) as n_short,
            cast(sum(n_answers) as bigint) as n_answers, cast(sum(n_read) as bigint) as n_read,
            sum(total) / nullif(sum(n_read), 0) as mean,
            cast([sum(n_1), sum(n_2), sum(n_3), sum(n_4), sum(n_5)] as bigint[]) as counts
        from by_persona group by split, population, instrument order by split, population, instrument
    """,
    # Drawn by hash, so that nobody picks them; two a population over all splits.
    "examples": """
        select split, population, seed_user_id, persona_text, flags
        from ml.personas
        semi join raw.splits using (split) semi join raw.populations using (population)
        where trim(persona_text) <> ''
        qualify row_number() over (partition by population order by md5(split || persona_id), split, persona_id) <= 2
        order by population, md5(split || persona_id), split, persona_id
    """,
    # Files of a category are one row where there are many: a file a night would be a page of its own.
    "files": """
        with files as (
            select * replace (case when count(*) over (partition by category, kind) <= 20 then path end as path)
            from raw.ingested_files
        )
        select
            category,
            kind,
            path,
            count(*) as n_files,
            string_agg(distinct format, ', ' order by format) as format,
            any_value(sha256) as sha256,
            sum(n_read)::bigint as n_read,
            sum(n_accepted)::bigint as n_accepted,
            sum(n_rejected)::bigint as n_rejected,
            sum(n_duplicate)::bigint as n_duplicate,
            sum(n_corrected)::bigint as n_corrected
        from files
        group by category, kind, path
        order by category, kind desc, path
    """,
    "rejections": "select reason, count(*) as n from raw.rejected_rows group by reason order by n desc, reason limit 8",
    "users": """
        select split, count(*) as n_users, median(n_reviews) as median_reviews,
            median(n_train_pairs) as median_train_pairs, count(*) filter (n_train_pairs = 0) as n_without_pairs
        from corpus.users group by split order by split
    """,
    "reviews": """
        select split, count(distinct item_id) as n_items, count(*) as n_reviews,
            count(*) filter (fold = 'train') as n_train, count(*) filter (fold = 'validation') as n_validation,
            count(*) filter (fold = 'test') as n_test
        from corpus.interactions group by split order by split
    """,
    "pairs": """
        select split, count(*) filter (fold = 'train') as n_train, count(*) filter (fold = 'validation') as n_validation,
            count(*) filter (fold = 'test') as n_test
        from corpus.preference_pairs group by split order by split
    """,
    "probes": "select split, band, count(*) as n from probes.probe_items group by split, band order by split, band",
    "made_by": f"""
        select population, any_value(backend) as backend, string_agg(distinct model, ', ' order by model) as model,
            string_agg(distinct left(prompt_hash, 12), ', ' order by left(prompt_hash, 12)) as prompt_hash,
            string_agg(distinct config_hash, ', ' order by config_hash) as config_hash,
            string_agg(distinct code_version, ', ' order by code_version) as code_version,
            min(created_at) as first_at, max(created_at) as last_at
        from ml.ratings as answered
        semi join raw.splits using (split) {_OF_THE_RATER}
        where instrument = '*' or instrument in (select instrument from raw.instruments)
        group by population order by population
    """,
    "code": "select distinct code_version from results.population_metrics order by code_version",
    "text_model": "select distinct model, left(model_sha256, 12) as sha256 from ml.item_embeddings order by model, sha256",
}
