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
