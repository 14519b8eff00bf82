{#-
    As many pairs of each user as the study's cap allows, as a subquery: for users who have more, without making the others.

    A user's pairs are numbered from 0: by the preferred item (those with lower ratings first), and then by the other one. Any
    number can be looked up, as an item is preferred to the first so many of the user's items in this order. The numbers are
    cut into as many strata of the same size as pairs are wanted, and each gives the one that a hash says (stratified random
    sampling): no pair comes twice, and all have the same chance.
-#}
{% macro drawn_pairs_among(interactions) -%}
(
    with

    items as (
        select
            reviewed.split,
            reviewed.user_id,
            reviewed.item_id,
            reviewed.rating,
            reviewed.position,
            reviewed.fold,
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
    ),

    strata as (
        select
            counts.split,
            counts.user_id,
            numbers.stratum,
            cast(numbers.stratum::hugeint * counts.n_pairs // study.max_pairs_per_user as bigint) as first_number,
            cast((numbers.stratum::hugeint + 1) * counts.n_pairs // study.max_pairs_per_user as bigint) as next_number
        from (select split, user_id, max(pairs_so_far) as n_pairs from items group by split, user_id) as counts
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
        preferred.item_id as preferred_item_id,
        other.item_id as other_item_id,
        preferred.rating - other.rating as rating_gap,
        {{ later_fold() }} as fold
    from drawn
    asof join (select * from items where n_others > 0) as preferred
        on
            drawn.split = preferred.split
            and drawn.user_id = preferred.user_id
            and drawn.pair_number >= preferred.pairs_so_far - preferred.n_others
    inner join items as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and drawn.pair_number - (preferred.pairs_so_far - preferred.n_others) = other.place
)
{%- endmacro %}
