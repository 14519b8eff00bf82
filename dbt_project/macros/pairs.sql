{#-
    The preference pairs among some interactions (whole users), as a subquery: the view `preference_pairs` is this over
    all of them, and what looks at few users asks for theirs alone, since a condition on the view is not pushed below its
    join. Needs a CTE `study`. What a study does not ask for (a cap, or none) has no interactions to begin with, which takes
    no time; a condition on the pairs would come after all were made.
-#}
{% macro pairs_among(interactions) -%}
(
    select pairs.* from {{ all_pairs_among(interactions_under(interactions, "is null")) }} as pairs
    union all
    select pairs.* from {{ all_pairs_among(interactions_of_light_users(interactions)) }} as pairs
    union all
    select pairs.* from {{ drawn_pairs_among(interactions_of_heavy_users(interactions)) }} as pairs
)
{%- endmacro %}

{#- Every pair with enough of a gap. What is named and read twice is held in memory, so there is no CTE. -#}
{% macro all_pairs_among(interactions) -%}
(
    select
        preferred.split,
        preferred.user_id,
        preferred.item_id as preferred_item_id,
        other.item_id as other_item_id,
        preferred.rating - other.rating as rating_gap,
        {{ later_fold() }} as fold
    from {{ interactions }} as preferred
    inner join {{ interactions }} as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.rating > other.rating
    cross join study
    where preferred.rating - other.rating >= study.pair_min_gap
)
{%- endmacro %}

{#- Folds follow the positions, so the later item has the later fold. -#}
{% macro later_fold() -%}
    case
        when preferred.position > other.position then preferred.fold
        else other.fold
    end
{%- endmacro %}

{#- All interactions if the study's cap is (not) NULL, else none. -#}
{% macro interactions_under(interactions, cap) -%}
(select rows.* from {{ interactions }} as rows inner join study on study.max_pairs_per_user {{ cap }})
{%- endmacro %}

{% macro users_above_the_cap(interactions) -%}
(
    select
        counts.split,
        counts.user_id
    from {{ pair_counts_among(interactions_under(interactions, "is not null")) }} as counts
    inner join study on counts.n_pairs > study.max_pairs_per_user
)
{%- endmacro %}

{% macro interactions_of_light_users(interactions) -%}
(
    select rows.*
    from {{ interactions_under(interactions, "is not null") }} as rows
    anti join {{ users_above_the_cap(interactions) }} as heavy using (split, user_id)
)
{%- endmacro %}

{% macro interactions_of_heavy_users(interactions) -%}
(
    select rows.*
    from {{ interactions_under(interactions, "is not null") }} as rows
    semi join {{ users_above_the_cap(interactions) }} as heavy using (split, user_id)
)
{%- endmacro %}
