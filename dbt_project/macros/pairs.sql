{#-
    The preference pairs among some interactions (whole users), as a subquery: the view `preference_pairs` is this over
    all of them, and what looks at few users asks for theirs alone, since a condition on the view is not pushed below its
    join. Needs a CTE `study`.
-#}
{% macro pairs_among(interactions) -%}
(
    with

    numbered as (
        select
            pairs.*,
            row_number() over (
                partition by pairs.split, pairs.user_id
                order by
                    md5(concat_ws('|', pairs.user_id, pairs.preferred_item_id, pairs.other_item_id, study.seed)),
                    pairs.preferred_item_id,
                    pairs.other_item_id
            ) as pair_number
        from {{ all_pairs_among(interactions, "is not null") }} as pairs
        cross join study
    )

    select pairs.* from {{ all_pairs_among(interactions, "is null") }} as pairs
    union all
    select numbered.* exclude (pair_number)
    from numbered
    inner join study on numbered.pair_number <= study.max_pairs_per_user
)
{%- endmacro %}

{#-
    All of them if the study's cap is (not) NULL, else none. Of the two, one has no interactions to begin with, which takes
    no time; a condition on the pairs would come after all were made, twice. Written without a CTE for the interactions: what
    is named and read twice is held in memory.
-#}
{% macro all_pairs_among(interactions, cap) -%}
{%- set chosen -%}
(select rows.* from {{ interactions }} as rows inner join study on study.max_pairs_per_user {{ cap }})
{%- endset -%}
(
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
    from {{ chosen }} as preferred
    inner join {{ chosen }} as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.rating > other.rating
    cross join study
    where preferred.rating - other.rating >= study.pair_min_gap
)
{%- endmacro %}
