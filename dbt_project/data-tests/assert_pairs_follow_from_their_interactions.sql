-- Pairs are as many as the counts of ratings say, in all and in training, so that none is there twice, none is missing and
-- none with a later item trains; each has two items, a fold and enough of a gap. A build leaves out users of more than a
-- million kept pairs, whom `heavy_users` warns of: making their pairs may take longer than all the rest.
{{ config(meta={'dagster': {'ref': {'name': 'preference_pairs'}}}) }}
-- A build does not meet this name below, and `dbt test` takes over what a build has read of the project.
-- depends_on: {{ ref('preference_pairs') }}

with

study as (
    select
        seed,
        pair_min_gap,
        max_pairs_per_user
    from {{ source('raw', 'study') }}
),

heavy as (
    select
        split,
        user_id
    from {{ ref('users') }}
    where n_pairs > {{ 1000000 if flags.WHICH == 'build' else 'null' }}
),

users as (
    select users.*
    from {{ untested(ref('users'), ['split', 'user_id']) }} as users
    anti join heavy using (split, user_id)
),

interactions as not materialized (
    select interactions.*
    from {{ beside_untested(ref('interactions'), ref('users'), ['split', 'user_id']) }} as interactions
    anti join heavy using (split, user_id)
),

found as (
    select
        pairs.split,
        pairs.user_id,
        count(*) as n_pairs,
        count(*) filter (where pairs.fold = 'train') as n_train_pairs,
        count(*) filter (
            where
            (pairs.rating_gap >= {{ least_gap() }}) is not true
            or pairs.preferred_item_id is null
            or pairs.other_item_id is null
            or pairs.fold is null
        ) as n_wrong
    from {% if flags.WHICH == 'build' %}{{ pairs_among('interactions') }}{% else %}{{ ref('preference_pairs') }}{% endif %} as pairs
    cross join study
    group by pairs.split, pairs.user_id
)

select
    split,
    user_id
from users
full join found using (split, user_id)
where
    coalesce(found.n_pairs, 0) is distinct from users.n_pairs
    or coalesce(found.n_train_pairs, 0) is distinct from users.n_train_pairs
    or found.n_wrong > 0
