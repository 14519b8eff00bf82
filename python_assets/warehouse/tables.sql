-- Tables that Python writes. dbt sees them as sources (models/sources). FLOAT[K] and FLOAT[d] are filled in by Warehouse.prepare.
-- No primary keys: a lake has none. Every write deletes and inserts, and data tests watch the keys.
create schema if not exists raw;
create schema if not exists ml;

-- Of which code the tables are (python_assets/warehouse/layout.py says when the number is raised): one row.
create table if not exists raw.layout (number integer not null);

-- The study that this warehouse was built for: one row.
create table if not exists raw.study (
    name varchar not null, seed integer not null, settings json not null, config_hash varchar not null, core integer not null,
    pair_min_gap double not null, max_pairs_per_user bigint,
    head_probes integer not null, torso_probes integer not null, tail_probes integer not null,
    head_items double not null, torso_items double not null,
    min_reviews integer not null, top_items integer not null, grounding_window varchar not null,
    title_chars integer not null, snippet_chars integer not null
);
alter table raw.study add column if not exists refresh_probes boolean;
create table if not exists raw.splits (split varchar not null, category varchar not null);
create table if not exists raw.populations (
    population varchar not null, condition varchar not null, size integer not null, rater varchar not null,
    backend varchar not null, model varchar, elicitation varchar not null, pair_gap double not null, config_hash varchar not null
);
create table if not exists raw.instruments (instrument varchar not null, settings json not null, config_hash varchar not null);
-- Seeds of its encoders on every split: the study's own first, then those of its retests.
alter table raw.instruments add column if not exists seeds bigint[];
-- What `run` need not do again: each job and partition with a fingerprint of all that it depends
-- on, and after a colon the state of the model that answers. No jobs are the row `corpus`, under which files and settings dbt
-- last made the corpus, the rows `settings`, with which settings it made corpus and probes as a whole, the rows
-- `encoded before`, under which fingerprints a split that is being encoded anew was last encoded and evaluated, and the rows `weights`, what a
-- model's files of these times and places held when they were last read.
create table if not exists raw.stages (
    job varchar not null, partition_key varchar not null, fingerprint varchar not null, finished_at timestamp not null
);

-- One row a file and category that it was read for: n_read = n_accepted + n_rejected + n_duplicate.
create table if not exists raw.ingested_files (
    path varchar not null, kind varchar not null, category varchar not null, format varchar not null, sha256 varchar not null,
    bytes bigint not null, batch_id varchar not null, n_read bigint not null, n_accepted bigint not null,
    n_rejected bigint not null, n_duplicate bigint not null, n_corrected bigint not null, ingested_at timestamp not null
);
-- What stood there before a file was read anew, so that the batch of rows that it brought then is still found.
create table if not exists raw.earlier_readings as from raw.ingested_files limit 0;
-- Files that were taken out: a withdrawal that is repeated finds that it is done.
create table if not exists raw.withdrawn_files (path varchar not null, batch_id varchar not null);
create table if not exists raw.rejected_rows (
    file varchar not null, line_number bigint not null, reason varchar not null, excerpt varchar, batch_id varchar not null
);
create table if not exists raw.reviews (
    category varchar not null, user_id varchar not null, item_id varchar not null, reviewed_at timestamp not null,
    rating double not null, title varchar, text varchar,
    file varchar not null, line_number bigint not null, batch_id varchar not null
);
create table if not exists raw.items (
    category varchar not null, item_id varchar not null, title varchar, description varchar, features varchar, brand varchar,
    item_categories varchar[], file varchar not null, line_number bigint not null, batch_id varchar not null
);

-- Personas and answers made elsewhere (import-personas, import-ratings): one row of raw.imports a split, population and kind.
create table if not exists raw.imports (
    split varchar not null, population varchar not null, kind varchar not null, path varchar not null, sha256 varchar not null,
    n_rows bigint not null, imported_at timestamp not null
);
create table if not exists raw.imported_personas (
    split varchar not null, population varchar not null, persona_id varchar not null, seed_user_id varchar, persona_text varchar not null,
    row_number bigint not null
);
create table if not exists raw.imported_ratings (
    split varchar not null, population varchar not null, persona_id varchar not null, seed_user_id varchar, item_id varchar not null,
    rating double not null, row_number bigint not null
);

create table if not exists ml.item_embeddings (
    category varchar not null, item_id varchar not null, text_hash varchar not null, embedding FLOAT[384] not null,
    model varchar not null, model_sha256 varchar not null, code_version varchar not null, created_at timestamp not null
);
create table if not exists ml.item_clusters (
    split varchar not null, band varchar not null, item_id varchar not null, cluster integer not null, distance double not null,
    seed bigint not null, code_version varchar not null
);
-- Hash of the settings; clusters of a split whose probes stay, stay with them.
alter table ml.item_clusters add column if not exists config_hash varchar;
-- The split's categories that they were made of; NULL in clusters of older code.
alter table ml.item_clusters add column if not exists categories varchar;

create table if not exists ml.encoder_runs (
    split varchar not null, instrument varchar not null, seed bigint not null, config_hash varchar not null, data_hash varchar not null,
    n_users bigint not null, n_items bigint not null, n_train_pairs bigint not null, n_validation_pairs bigint not null, n_test_pairs bigint not null,
    epochs integer not null, best_epoch integer not null, validation_accuracy double, test_accuracy double, logit_scale double not null,
    init_correlation double, checkpoint blob not null,
    history json not null, seconds double not null, code_version varchar not null, created_at timestamp not null
);
-- A hash of each item's id and text vector, in the items' order: which of them the encoder was trained with.
alter table ml.encoder_runs add column if not exists item_hashes bigint[];
-- The split's categories, sorted, whose users it has placed; NULL in encoders of older code.
alter table ml.encoder_runs add column if not exists categories varchar;
-- Training that was interrupted: the state after the last whole epoch. Emptied when training ends.
create table if not exists ml.training_states (
    split varchar not null, seed bigint not null, config_hash varchar not null, data_hash varchar not null, epoch integer not null, state blob not null
);
create table if not exists ml.user_embeddings (
    split varchar not null, instrument varchar not null, seed bigint not null, user_id varchar not null, n_train_pairs bigint not null,
    mixture FLOAT[K] not null, embedding FLOAT[d] not null
);
-- What a user's place was made from, and whether by training or, later, by fitting only the user's w (fold-in).
alter table ml.user_embeddings add column if not exists train_hash ubigint;
alter table ml.user_embeddings add column if not exists folded_in boolean;
-- Hash of the placement that folded the user in; NULL where training placed them.
alter table ml.user_embeddings add column if not exists fold_settings varchar;

-- Every LLM answer, under a hash of its whole request: a killed run asks only for what is missing.
create table if not exists ml.answers (
    request_hash varchar not null, purpose varchar not null, text varchar, probabilities FLOAT[5], status varchar not null,
    backend varchar not null, model varchar not null, n_prompt_tokens integer, created_at timestamp not null
);
create table if not exists ml.personas (
    split varchar not null, population varchar not null, persona_id varchar not null, condition varchar not null, seed_user_id varchar,
    persona_text varchar, attributes json, flags varchar[] not null,
    backend varchar not null, model varchar, prompt_hash varchar, request_hash varchar, seed bigint not null,
    config_hash varchar not null, code_version varchar not null, created_at timestamp not null
);
-- instrument is '*' for raters that do not depend on one (all LLMs).
create table if not exists ml.ratings (
    split varchar not null, population varchar not null, persona_id varchar not null, item_id varchar not null, instrument varchar not null,
    elicitation varchar not null, rating integer, expected_rating double, raw_text varchar, status varchar not null,
    backend varchar not null, model varchar, prompt_hash varchar, request_hash varchar, seed bigint not null,
    config_hash varchar not null, code_version varchar not null, created_at timestamp not null
);
create table if not exists ml.persona_embeddings (
    split varchar not null, population varchar not null, persona_id varchar not null, instrument varchar not null, seed_user_id varchar,
    n_pairs bigint not null, placed boolean not null, loss double, mixture FLOAT[K], embedding FLOAT[d],
    seed bigint not null, config_hash varchar not null, code_version varchar not null, created_at timestamp not null
);
-- Which probes the persona was placed with: probes.probe_sets says which are present.
alter table ml.persona_embeddings add column if not exists probe_set_hash varchar;
-- Hash of all that a place depends on: where it has not changed, the place stays.
alter table ml.persona_embeddings add column if not exists inputs_hash varchar;
-- Synthetic users and the random baseline: the first resample, for pictures and for checking.
create table if not exists ml.reference_embeddings (
    split varchar not null, instrument varchar not null, population varchar not null, source varchar not null, row_number integer not null,
    embedding FLOAT[d] not null, seed bigint not null, code_version varchar not null
);

create table if not exists ml.population_scores (
    split varchar not null, population varchar not null, source varchar not null, condition varchar, rater varchar, instrument varchar not null,
    metric varchar not null, value double, std double, ci_low double, ci_high double, p_value double, n integer not null, resamples integer not null,
    seed bigint not null, config_hash varchar not null, code_version varchar not null, created_at timestamp not null
);
-- What as many perfect stand-ins would score instead.
alter table ml.population_scores add column if not exists perfect_value double;
-- The floor and the ceiling of Eq. 6 and 7, drawn at the same size n as the population they judge.
create table if not exists ml.anchor_scores (
    split varchar not null, instrument varchar not null, n integer not null, metric varchar not null, anchor varchar not null,
    floor_value double not null, ceiling_value double not null
);
-- Over resamples; NULL with one, and in rows of older code.
alter table ml.anchor_scores add column if not exists floor_std double;
alter table ml.anchor_scores add column if not exists ceiling_std double;
create table if not exists ml.paired_scores (
    split varchar not null, population varchar not null, instrument varchar not null, metric varchar not null,
    value double, std double, n integer not null, seed bigint not null, config_hash varchar not null, code_version varchar not null, created_at timestamp not null
);
create table if not exists ml.paired_distances (
    split varchar not null, population varchar not null, instrument varchar not null, persona_id varchar not null, seed_user_id varchar,
    cosine_distance double, l2_distance double, norm double not null
);
create table if not exists ml.instrument_retests (
    split varchar not null, instrument varchar not null, seed bigint not null, other_seed bigint not null, metric varchar not null, value double,
    code_version varchar not null
);
