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
    ),

    least as (
        select {{ least_gap() }} as gap from study
    )

    select
        rated.*,
        cast(sum(rated.n_items) over lower_ones as bigint) as n_others,
        cast(sum(rated.n_train_items) over lower_ones as bigint) as n_train_others
    from rated
    cross join least
    window lower_ones as (
        partition by rated.split, rated.user_id
        order by rated.rating
        range between unbounded preceding and least.gap preceding
    )
    qualify n_others is not null
)
{%- endmacro %}

{#- The study's gap, and a millionth less: 2.3 - 1.3 is a little less than 1 in floating-point numbers. Needs a CTE `study`. -#}
{% macro least_gap() -%}
study.pair_min_gap * (1 - 1e-6)
{%- endmacro %}
