{#-
    The preference pairs among some interactions (whole users), as a subquery: the view `preference_pairs` is this over
    all of them, and what looks at few users asks for theirs alone, since a condition on the view is not pushed below its
    join. Needs a CTE `study`.
-#}
{% macro pairs_among(interactions) -%}
(
    with

    pairs as not materialized (
        select
            preferred.split,
            preferred.user_id,
            preferred.item_id as preferred_item_id,
            other.item_id as other_item_id,
            preferred.rating - other.rating as rating_gap,
            -- Folds follow the positions, so the later item has the later fold.
            case
                when preferred.position > other.position then preferred.fold
                else other.fold
            end as fold
        from {{ interactions }} as preferred
        inner join {{ interactions }} as other
            on
                preferred.split = other.split
                and preferred.user_id = other.user_id
                and preferred.rating > other.rating
        cross join study
        where preferred.rating - other.rating >= study.pair_min_gap
    ),

    -- Numbering a hundred million pairs is dear: it is done only when the study sets a cap.
    numbered as (
        select
            pairs.*,
            study.max_pairs_per_user,
            row_number() over (
                partition by pairs.split, pairs.user_id
                order by
                    md5(concat_ws('|', pairs.user_id, pairs.preferred_item_id, pairs.other_item_id, study.seed)),
                    pairs.preferred_item_id,
                    pairs.other_item_id
            ) as pair_number
        from pairs
        inner join study on study.max_pairs_per_user is not null
    )

    select pairs.*
    from pairs
    inner join study on study.max_pairs_per_user is null
    union all
    select * exclude (max_pairs_per_user, pair_number)
    from numbered
    where pair_number <= max_pairs_per_user
)
{%- endmacro %}

{#-
    How many pairs each user has among some interactions, without a cap, as a subquery: it follows from how often each
    rating was given, so nothing is paired to count. Needs a CTE `study`.
-#}
{% macro pair_counts_among(interactions) -%}
(
    with

    rated as (
        select
            split,
            user_id,
            rating,
            count(*) as n_items,
            count(*) filter (where fold = 'train') as n_train_items
        from {{ interactions }}
        group by split, user_id, rating
    )

    select
        preferred.split,
        preferred.user_id,
        cast(sum(preferred.n_items * other.n_items) as bigint) as n_pairs,
        cast(sum(preferred.n_train_items * other.n_train_items) as bigint) as n_train_pairs
    from rated as preferred
    inner join rated as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.rating > other.rating
    inner join study on preferred.rating - other.rating >= study.pair_min_gap
    group by preferred.split, preferred.user_id
)
{%- endmacro %}
