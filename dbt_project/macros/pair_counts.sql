{#-
    How many pairs each user has among some interactions, without a cap, as a subquery: it follows from how often each
    rating was given, so nothing is paired to count. Needs a CTE `study`.
-#}
{% macro pair_counts_among(interactions) -%}
(
    select
        split,
        user_id,
        cast(sum(n_items * n_others) as bigint) as n_pairs,
        cast(sum(n_train_items * n_train_others) as bigint) as n_train_pairs
    from {{ others_of_each_rating(interactions) }} as ratings
    group by split, user_id
)
{%- endmacro %}

{#- To how many of their items each user prefers those of a rating; without the ratings that are preferred to none. -#}
{% macro others_of_each_rating(interactions) -%}
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
        preferred.rating,
        any_value(preferred.n_items) as n_items,
        any_value(preferred.n_train_items) as n_train_items,
        cast(sum(other.n_items) as bigint) as n_others,
        cast(sum(other.n_train_items) as bigint) as n_train_others
    from rated as preferred
    inner join rated as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.rating > other.rating
    inner join study on preferred.rating - other.rating >= study.pair_min_gap
    group by preferred.split, preferred.user_id, preferred.rating
)
{%- endmacro %}
