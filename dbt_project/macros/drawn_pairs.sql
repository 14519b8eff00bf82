{#-
    The items of users, each with its place among them, as a subquery: those of a lower rating come first. Needs a CTE `study`.
    An item is preferred to the first `n_others` of them, and the pairs of the user are numbered in this order: by the
    preferred item, up to `pairs_so_far` without it, and then by the other item's place.
-#}
{% macro ranked_items_among(interactions) -%}
(
    select
        reviewed.split,
        reviewed.user_id,
        reviewed.item_id,
        coalesce(ratings.n_others, 0) as n_others,
        row_number() over in_order - 1 as place,
        cast(sum(coalesce(ratings.n_others, 0)) over in_order as bigint) as pairs_so_far
    from {{ interactions }} as reviewed
    left join {{ others_of_each_rating(interactions) }} as ratings using (split, user_id, rating)
    window in_order as (
        partition by reviewed.split, reviewed.user_id
        order by reviewed.rating, reviewed.item_id
        rows unbounded preceding
    )
)
{%- endmacro %}

{#-
    As many pairs of each user as the study's cap allows, as a subquery: the preferred item and the other one's place. For
    users who have more, without making the others. Needs a CTE `study`.

    The user's pair numbers are cut into as many strata of the same size as pairs are wanted, and each gives the one that a
    hash says (stratified random sampling): no pair comes twice, and all have the same chance.
-#}
{% macro drawn_pairs_among(ranked_items) -%}
(
    with

    strata as (
        select
            counts.split,
            counts.user_id,
            numbers.stratum,
            cast(numbers.stratum::hugeint * counts.n_pairs // study.max_pairs_per_user as bigint) as first_number,
            cast((numbers.stratum::hugeint + 1) * counts.n_pairs // study.max_pairs_per_user as bigint) as next_number
        from (select split, user_id, max(pairs_so_far) as n_pairs from {{ ranked_items }} group by split, user_id) as counts
        cross join study
        cross join unnest(range(study.max_pairs_per_user)) as numbers (stratum)
    ),

    drawn as (
        select
            strata.split,
            strata.user_id,
            strata.first_number + cast(
                md5_number_lower(concat_ws('|', strata.user_id, strata.stratum, study.seed))
                % (strata.next_number - strata.first_number) as bigint
            ) as pair_number
        from strata
        cross join study
    )

    select
        preferred.split,
        preferred.user_id,
        preferred.item_id,
        drawn.pair_number - (preferred.pairs_so_far - preferred.n_others) as other_place
    from drawn
    asof join (select * from {{ ranked_items }} where n_others > 0) as preferred
        on
            drawn.split = preferred.split
            and drawn.user_id = preferred.user_id
            and drawn.pair_number >= preferred.pairs_so_far - preferred.n_others
)
{%- endmacro %}
