{#-
    The preference pairs among some interactions (whole users), as a subquery: the view `preference_pairs` is this over
    all of them. Needs a CTE `study`. What a study does not ask for (a cap) has no interactions to begin with, which takes
    no time.

    Each item of a user is paired with those of a lower rating; of a user above the cap, each drawn pair stands alone, as
    if it were a user with two items. So there is one join and no union of joins, of which DuckDB never gives a row to who
    reads rows as they are made (duckdb/duckdb#22215), as Python's `execute` does.
-#}
{% macro pairs_among(interactions) -%}
(
    with

    above_cap as (
        select * from {{ users_above_the_cap(interactions) }} as users
    ),

    of_capped_users as (
        select rows.*
        from {{ interactions }} as rows
        semi join above_cap using (split, user_id)
    ),

    -- Named and read twice, so it is held: a view in a file of DuckDB 1.4 forgets `as materialized`.
    compared as (
        select
            rows.split,
            rows.user_id,
            null as pair_number,
            rows.item_id,
            rows.rating,
            rows.position,
            rows.fold
        from {{ interactions }} as rows
        anti join above_cap using (split, user_id)
        union all
        select
            split,
            user_id,
            pair_number,
            item_id,
            rating,
            position,
            fold
        from {{ drawn_pairs_among('of_capped_users') }} as drawn
    )

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
    from compared as preferred
    inner join compared as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.pair_number is not distinct from other.pair_number
            and preferred.rating > other.rating
    cross join study
    where preferred.rating - other.rating >= study.pair_min_gap
)
{%- endmacro %}

{#- With a cap alone are there interactions to count pairs of. -#}
{% macro users_above_the_cap(interactions) -%}
(
    with

    counted as (
        select rows.*
        from {{ interactions }} as rows
        inner join study on study.max_pairs_per_user is not null
    )

    select
        counts.split,
        counts.user_id
    from {{ pair_counts_among('counted') }} as counts
    inner join study on counts.n_pairs > study.max_pairs_per_user
)
{%- endmacro %}
