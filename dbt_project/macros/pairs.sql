{#-
    The preference pairs among some interactions (whole users), as a subquery: the view `preference_pairs` is this over
    all of them. Needs a CTE `study`. What a study does not ask for (a cap) has no interactions to begin with, which takes
    no time.

    Each item of a user is paired with those of a lower rating, and an item of a user above the cap with those that were
    drawn for it, which their places say. This is one join, and no union of two: of that DuckDB never gives a row to who
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

    ranked as (
        select * from {{ ranked_items_among('of_capped_users') }} as items
    ),

    drawn as (
        select * from {{ drawn_pairs_among('ranked') }} as pairs
    ),

    -- An item from which nothing was drawn has no place to look for, and all others of its user have one.
    preferred as (
        select
            rows.*,
            drawn.other_place
        from {{ interactions }} as rows
        left join drawn using (split, user_id, item_id)
    ),

    other as (
        select
            rows.*,
            ranked.place
        from {{ interactions }} as rows
        left join ranked using (split, user_id, item_id)
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
    from preferred
    inner join other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.other_place is not distinct from other.place
            and preferred.rating > other.rating
    cross join study
    where other.rating <= preferred.rating - {{ least_gap() }}
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
